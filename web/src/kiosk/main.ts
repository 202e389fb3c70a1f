import { createApp } from "vue";
import { applyPreferences } from "@/shared/preferences";
import "@/shared/style/base.css";
import App from "./App.vue";

applyPreferences();
createApp(App).mount("#app");
