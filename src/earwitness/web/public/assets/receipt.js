// Verifies a receipt in the browser, from its file alone.

import { NotProved, verifyReceipt } from "./proof.js";

const place = /** @type {HTMLElement} */ (document.querySelector("[data-receipt]"));
const said = /** @type {HTMLElement} */ (place.querySelector(".proof"));

async function check() {
  if (!globalThis.crypto?.subtle) return;
  const { receipt = "", key = "" } = place.dataset;
  const answer = await fetch(receipt);
  try {
    if (!answer.ok) throw new NotProved("its file is not there");
    const { index, size } = await verifyReceipt(await answer.text(), key);
    said.className = "proof told";
    said.textContent = `Checked in this browser: entry ${index} of the signed log of ${size}.`;
  } catch (error) {
    said.className = "proof alarm";
    said.textContent = `This receipt does not hold: ${error instanceof NotProved ? error.message : "it could not be computed"}.`;
  }
  said.hidden = false;
}

check();
