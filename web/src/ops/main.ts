import { createApp } from "vue";
import { applyPreferences } from "@/shared/preferences";
import "@/shared/style/base.css";
import App from "./App.vue";
import { router } from "./router";

applyPreferences();
createApp(App).use(router).mount("#app");
