/** Language and theme: what the address asks for (`?lang=`, `?theme=`), else what was chosen before, else Chinese and the system's theme. */
import { ref, watchEffect, type Ref } from "vue";

export type Language = "zh" | "en";
export type Theme = "system" | "light" | "dark";

const LANGUAGES: readonly Language[] = ["zh", "en"];
const THEMES: readonly Theme[] = ["system", "light", "dark"];

const asked = new URLSearchParams(location.search);

export const language: Ref<Language> = ref(first(LANGUAGES, asked.get("lang"), stored("language")) ?? "zh");
export const theme: Ref<Theme> = ref(first(THEMES, asked.get("theme"), stored("theme")) ?? "system");

/** Applies both to the document, now and whenever they or the system's theme change. */
export function applyPreferences(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const systemIsDark = ref(dark.matches);
  dark.addEventListener("change", (event) => (systemIsDark.value = event.matches));
  watchEffect(() => {
    document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
  });
  watchEffect(() => {
    const isDark = theme.value === "dark" || (theme.value === "system" && systemIsDark.value);
    document.documentElement.dataset["theme"] = isDark ? "dark" : "light";
  });
}

export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  store("language", chosen);
}

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  store("theme", chosen);
}

function first<T extends string>(known: readonly T[], ...wishes: (string | null)[]): T | undefined {
  for (const wish of wishes) {
    const match = known.find((value) => value === wish);
    if (match !== undefined) return match;
  }
  return undefined;
}

/** Storage may be forbidden (private windows): then the choice lasts as long as the page. */
function stored(key: string): string | null {
  try {
    return localStorage.getItem(`yizhan.${key}`);
  } catch {
    return null;
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(`yizhan.${key}`, value);
  } catch {
    return;
  }
}
