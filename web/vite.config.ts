import vue from "@vitejs/plugin-vue";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** The two pages are two builds (`--mode ops`, `--mode panel`): each is served by its own program at its own root. */
export default defineConfig(({ mode }) => {
  const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const page = mode === "panel" ? "panel" : "ops";
  return {
    root: mode === "test" ? here(".") : here(`src/${page}`),
    plugins: [vue()],
    resolve: { alias: { "@": here("src") } },
    worker: { format: "es" },
    build: {
      outDir: here(`dist/${page}`),
      emptyOutDir: true,
      target: "es2022",
      // Never inline the font's pieces: a browser loads only those that a page's characters need.
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 600,
    },
    server: {
      host: "127.0.0.1",
      proxy: { "/api": page === "ops" ? "http://127.0.0.1:8080" : "http://127.0.0.1:8090" },
    },
    test: { root: here("."), include: ["tests/**/*.test.ts"], environment: "happy-dom" },
  };
});
