/**
 * What is measured runs as `npm start` runs it: through the platform's own loader. tsx, which loads what is around it, names each closure when it is made, in the
 * hottest constructors too, and keeps nothing that V8 compiles.
 */
import "tsx";
import { registerTypescript } from "../cli/typescript.mjs";

await registerTypescript();
