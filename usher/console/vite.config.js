// Relative addresses, so that the console also works behind a proxy's prefix.
export default {
  base: "./",
  build: { outDir: "dist", emptyOutDir: true, chunkSizeWarningLimit: 8192, reportCompressedSize: false },
  logLevel: "error",
};
