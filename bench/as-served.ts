/** As `npm start` and the images have it: graphql checks each value it is given twice unless it is told that this is no development. */
process.env["NODE_ENV"] ??= "production";
