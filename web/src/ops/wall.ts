/**
 * The wall display (大屏): everything larger, to be read from five metres. Asked for by `?wall=1`, by the button, or, unless
 * `?wall=0`, by a screen wider than any desk's.
 *
 * Everything is measured in rem, so a larger root size is the whole change of scale.
 */
import { computed, ref, watchEffect, type ComputedRef } from "vue";
import { useRoute, useRouter } from "vue-router";

const WALL_WIDTH_PX = 2560;
/** At 1920 px across, 1 rem is 26 px: names are 36 px high, which five metres ask for on a 55-inch screen. */
const WALL_REM_PER_PX = 26 / 1920;
const DESK_REM_PX = 16;
/** A page to be worked with grows more slowly. */
const WIDE_DESK_REM_PER_PX = 1 / 120;

const width = ref(innerWidth);
addEventListener("resize", () => (width.value = innerWidth));

export function useWall(): { isWall: ComputedRef<boolean>; toggle: () => void } {
  const route = useRoute();
  const router = useRouter();
  const isWall = computed(() => {
    if (route.name !== "fleet") return false;
    const asked = route.query["wall"];
    return asked === undefined ? width.value >= WALL_WIDTH_PX : asked !== "0";
  });
  return {
    isWall,
    toggle: () => void router.replace({ query: { ...route.query, wall: isWall.value ? "0" : "1" } }),
  };
}

/** Keeps the root's font size at the scale of the place. */
export function scaleWith(isWall: ComputedRef<boolean>): void {
  watchEffect(() => {
    const scale = isWall.value ? WALL_REM_PER_PX : WIDE_DESK_REM_PER_PX;
    const remPx = isWall.value || width.value >= WALL_WIDTH_PX ? Math.max(DESK_REM_PX, width.value * scale) : DESK_REM_PX;
    document.documentElement.style.fontSize = `${remPx}px`;
  });
}
