/** Texts, and queries with the operators of web searches. The search of memories and that of documents find the same of them. */
export const operatorTexts = [
  "Anna drinks green tea in the morning",
  "Ben has tea with a green cup",
  "Cara drinks black coffee, never tea",
  "Dora takes the coffee-shop's cake",
  "李明喜欢喝绿茶，不喝咖啡",
  "王芳喜欢茶叶和绿色",
  "私は緑茶が好きです。コーヒーは飲みません",
  "나는 서울에서 녹차를 마신다",
] as const;

const [anna, ben, cara, dora, ming, fang, ryokucha, seoul] = operatorTexts;

export const operatorCases: readonly (readonly [query: string, found: readonly string[]])[] = [
  // Words side by side, in this order, as they are; without case and accents.
  ['"green tea"', [anna]],
  ['"GREEN Téa" ben', [anna]],
  ["“green tea”", [anna]],
  ["„green tea“", [anna]],
  ['"tea green"', []],
  ['"drinks" cup', [anna, cara]],
  ['"green te"', []],
  ['"coffee shop"', [dora]],
  ['"green tea" "in the morning"', [anna]],
  ['"green tea" "black coffee"', []],
  // What is left out: the word itself, words side by side.
  ["tea -green", [cara]],
  ["tea -coffee", [anna, ben]],
  ['tea -"green tea"', [ben, cara]],
  ["coffee -coffee-shop", [cara]],
  ["tea -tea", []],
  // All that is said is what is left out.
  ["-tea", [dora, ming, fang, ryokucha, seoul]],
  ['-"green tea"', [ben, cara, dora, ming, fang, ryokucha, seoul]],
  ["-tea -咖啡 -녹차", [dora, fang, ryokucha]],
  ['-tea -不喝咖啡 -"緑茶が好き"', [dora, fang, seoul]],
  ["tea －green", [cara]],
  // One of them at least.
  ["black OR morning", [anna, cara]],
  ["tea cup OR cake", [ben, dora]],
  ["cup | cake | zebra", [ben, dora]],
  ['tea "green tea" OR "green cup"', [anna, ben]],
  ["drink morn OR zebra", [anna]],
  ["coffe OR zebra -shop", [cara]],
  // No operators: a quote that nothing closes, inches, a hyphen, a word.
  ['"green zebra', [anna, ben]],
  ['5" cup 6"', [ben]],
  ["zebra - cup", [ben]],
  ["green-cup", [anna, ben]],
  ["OR cup", [ben]],
  ["cup or zebra", [ben]],
  // Scripts without spaces.
  ['"绿茶"', [ming]],
  ["“绿茶” 茶叶", [ming]],
  ["喜欢 -绿茶", [fang]],
  ["喜欢　－咖啡", [fang]],
  ['喜欢 -"不喝咖啡"', [fang]],
  ["茶叶 OR 绿茶", [ming, fang]],
  ['"茶"', [ming, fang, ryokucha]],
  ["喜欢 -叶", [ming]],
  ['"緑茶が好き"', [ryokucha]],
  ["好き -コーヒー", []],
  ['"こーひーは"', [ryokucha]],
  ["コーヒー OR 녹차", [ryokucha, seoul]],
  ['"서울" 녹차', [seoul]],
  ["녹차 -서울", []],
];
