// Languages, sizes, colours and keyboard, in every tab.
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { hasBrowser } from "../src/engine/testing/browser.ts";
import { expectAccessible, expectChinese, type Opened, PHONE, useSite } from "./site.ts";
import { CONTENT, TABS } from "./tabs.ts";

const DESKTOP = { width: 1280, height: 740 };

describe.skipIf(!hasBrowser)("every tab", () => {
  const site = useSite();

  describe.each(TABS)("%s", (tab) => {
    let opened: Opened;
    let page: Page;
    beforeAll(async () => {
      opened = await site.open(`tab=${tab}`, { locale: "zh-CN", viewport: PHONE });
      ({ page } = opened);
      return () => opened.context.close();
    });

    it("is Chinese where the browser is", () => expectChinese(page, tab));

    it("fits a phone", async () => {
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
    });

    it("is accessible in both languages and colours, on a phone and on a desk", async () => {
      await expectAccessible(page, "Chinese, light, phone");
      await page.getByTestId("theme").click();
      expect(await page.evaluate(() => document.documentElement.style.colorScheme)).toBe("dark");
      await expectAccessible(page, "Chinese, dark, phone");
      await page.getByTestId("language").click();
      await page.setViewportSize(DESKTOP);
      await expectAccessible(page, "English, dark, desk");
      await page.getByTestId("theme").click();
      await expectAccessible(page, "English, light, desk");
    });

    it("is reached by keyboard: every control takes the focus, shows it and lies in sight", async () => {
      await page.locator(CONTENT[tab]).first().waitFor();
      const all = await page.evaluate(() => {
        const controls = "a[href], button:enabled, input:enabled, select:enabled, textarea, summary, [tabindex='0']";
        const visible = [...document.querySelectorAll<HTMLElement>(controls)].filter(
          (element) => element.tabIndex >= 0 && element.checkVisibility(),
        );
        for (const [index, element] of visible.entries()) element.dataset["stop"] = String(index);
        (document.activeElement as HTMLElement).blur();
        return visible.length;
      });
      expect(all).toBeGreaterThan(15);
      const reached = new Set<string>();
      for (let presses = 0; reached.size < all && presses < all + 3; presses++) {
        await page.keyboard.press("Tab");
        const stop = await page.evaluate(() => {
          const element = document.activeElement as HTMLElement;
          if (element === document.body) return undefined; // between the last control and the first, as the browser has it
          const shower = element.classList.contains("unseen") ? element.parentElement! : element;
          const { outlineStyle, outlineWidth } = getComputedStyle(shower);
          const { top, bottom, left, right } = shower.getBoundingClientRect();
          const isInSight = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
          const isMarked = outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 1;
          return { index: element.dataset["stop"], html: element.outerHTML.slice(0, 200), isInSight, isMarked };
        });
        if (!stop) continue;
        expect(stop).toMatchObject({ index: expect.any(String), isInSight: true, isMarked: true });
        reached.add(stop.index!);
      }
      expect(reached.size).toBe(all);
    });

    it("has nothing to complain about", () => expect(opened.errors).toEqual([]));
  });
});
