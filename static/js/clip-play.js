// @ts-check
// A small clip that plays while it is pointed at, or while the keyboard is on it. Where less motion is asked for, nothing
// plays by itself.

import { play } from "./media-view.js";

/** @param {HTMLElement} element with the video as its child */
export function playsWhenPointed(element) {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  /** @param {boolean} on */
  const turn = (on) => {
    if (!on || !still.matches) play(element, on);
  };
  element.addEventListener("pointerenter", ({ pointerType }) => pointerType === "mouse" && turn(true));
  element.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && turn(false));
  element.addEventListener("focus", () => element.matches(":focus-visible") && turn(true));
  element.addEventListener("blur", () => turn(false));
}
