// Preloaded by test.mjs (`node --import`): whoever imports @connectrpc/connect gets the newest version that is tested, connect-2.3, instead
// of the one that is installed under that name.
import { register } from "node:module";

const resolve = String(function resolve(specifier, context, next) {
  return next(specifier.replace(/^@connectrpc\/connect(?=$|\/)/, "connect-2.3"), context);
});
register(`data:text/javascript,${encodeURIComponent(`export ${resolve}`)}`);
