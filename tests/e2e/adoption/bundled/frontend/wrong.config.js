export default {
  build: {
    assetsInlineLimit: 0,
    rollupOptions: { input: "main.js", output: { entryFileNames: "main.js" } },
  },
};
