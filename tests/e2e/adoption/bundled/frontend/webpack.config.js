import MiniCssExtractPlugin from "mini-css-extract-plugin";

export default {
  mode: "production",
  entry: "./main.js",
  output: {
    path: new URL("../assets/webpack", import.meta.url).pathname,
    publicPath: "auto",
  },
  module: {
    rules: [
      { test: /\.css$/, use: [MiniCssExtractPlugin.loader, "css-loader"] },
      { test: /\.svg$/, type: "asset/resource" },
    ],
  },
  plugins: [new MiniCssExtractPlugin()],
};
