import { createRouter, createWebHistory } from "vue-router";
import ActsPage from "./acts/ActsPage.vue";
import FleetPage from "./fleet/FleetPage.vue";
import NotFound from "./NotFound.vue";
import StationPage from "./station/StationPage.vue";

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: "/", name: "fleet", component: FleetPage },
    { path: "/stations/:id", name: "station", component: StationPage, props: true },
    { path: "/stations/:station/acts", name: "station_acts", component: ActsPage, props: true },
    { path: "/acts", name: "acts", component: ActsPage },
    { path: "/:path(.*)*", name: "not_found", component: NotFound },
  ],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});
