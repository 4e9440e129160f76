import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  build: {
    outDir: "../assets/vite",
    assetsInlineLimit: 0,
    manifest: "manifest.json",
    rollupOptions: { input: "main.js" },
  },
});
