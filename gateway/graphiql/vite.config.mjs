// Everything into the folder `built`, side by side, so that one path of the program serves it.
import { defineConfig } from "vite";

const name = ({ names }) =>
  names.some((one) => one.endsWith(".css")) ? "graphiql.css" : "[name]-[hash][extname]";

export default defineConfig({
  base: "./",
  build: {
    outDir: "built",
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    chunkSizeWarningLimit: 10_000,
    rollupOptions: {
      input: "graphiql.mjs",
      // Packages say for whom they are; here all of them are for a browser.
      onwarn: (warning, tell) => warning.code === "MODULE_LEVEL_DIRECTIVE" || tell(warning),
      output: { entryFileNames: "graphiql.js", chunkFileNames: "[name]-[hash].js", assetFileNames: name },
    },
  },
  worker: {
    format: "es",
    rollupOptions: { output: { entryFileNames: "[name]-[hash].js", chunkFileNames: "[name]-[hash].js" } },
  },
});
