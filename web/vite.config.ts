import vue from "@vitejs/plugin-vue";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const PAGES = { ops: 8080, panel: 8090, kiosk: 8091 } as const;
type Page = keyof typeof PAGES;

/** Each page is a build of its own (`--mode ops`, `panel`, `kiosk`), served by its own program at its own root. */
export default defineConfig(({ mode }) => {
  const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const page: Page = mode === "panel" || mode === "kiosk" ? mode : "ops";
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
      proxy: { "/api": `http://127.0.0.1:${PAGES[page]}` },
    },
    test: { root: here("."), include: ["tests/**/*.test.ts"], environment: "happy-dom" },
  };
});
