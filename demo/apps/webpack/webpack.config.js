import HtmlWebpackPlugin from "html-webpack-plugin";
import webpack from "webpack";

export default {
  mode: "production",
  entry: "./src/main.js",
  output: { clean: true },
  plugins: [
    new HtmlWebpackPlugin({ template: "src/index.html" }),
    new webpack.EnvironmentPlugin({ API_URL: "http://localhost:8080" }),
  ],
};
