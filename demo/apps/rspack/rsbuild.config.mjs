export default {
  source: { entry: { index: "../page/main.js" } },
  html: { template: "../page/form.html" },
};
