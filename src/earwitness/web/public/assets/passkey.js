// Passkeys: what the hub asks is handed to the browser, and what the browser answers is handed back.

/** @param {string} text @returns {ArrayBuffer} */
function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0)).buffer;
}

/** @param {ArrayBuffer | null | undefined} buffer @returns {string} */
function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer ?? new ArrayBuffer(0)));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * Send JSON to the hub.
 * @param {string} path
 * @param {string} token the form's token
 * @param {unknown} body
 * @returns {Promise<any>}
 */
async function send(path, token, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", "x-form": token },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(`${said.error} ${said.next_step}`.trim());
  return said;
}

/** @param {any} options @returns {any} */
function opened(options) {
  const ids = (/** @type {any[]} */ list = []) => list.map((each) => ({ ...each, id: bytes(each.id) }));
  return {
    ...options,
    challenge: bytes(options.challenge),
    ...(options.user ? { user: { ...options.user, id: bytes(options.user.id) } } : {}),
    ...(options.excludeCredentials ? { excludeCredentials: ids(options.excludeCredentials) } : {}),
    ...(options.allowCredentials ? { allowCredentials: ids(options.allowCredentials) } : {}),
  };
}

/** @param {string} token @returns {Promise<string>} where to go */
async function signIn(token) {
  const asked = await send("/sign-in/passkey/request", token, {});
  const given = /** @type {PublicKeyCredential} */ (await navigator.credentials.get({ publicKey: opened(asked) }));
  const response = /** @type {AuthenticatorAssertionResponse} */ (given.response);
  const said = await send("/sign-in/passkey", token, {
    id: given.id, rawId: text(given.rawId), type: given.type, clientExtensionResults: {},
    response: {
      clientDataJSON: text(response.clientDataJSON), authenticatorData: text(response.authenticatorData),
      signature: text(response.signature), userHandle: text(response.userHandle),
    },
  });
  return said.next;
}

/** @param {string} token @param {string} current the password @returns {Promise<string>} where to go */
async function enrol(token, current) {
  const asked = await send("/account/passkeys/request", token, { current });
  const made = /** @type {PublicKeyCredential} */ (await navigator.credentials.create({ publicKey: opened(asked) }));
  const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  const said = await send("/account/passkeys", token, {
    id: made.id, rawId: text(made.rawId), type: made.type, clientExtensionResults: {},
    response: { clientDataJSON: text(response.clientDataJSON), attestationObject: text(response.attestationObject) },
  });
  return said.next;
}

for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-passkey]"))) {
  if (!("PublicKeyCredential" in window)) break;
  place.hidden = false;
  const { token = "", next = "/" } = place.dataset;
  const trouble = /** @type {HTMLElement} */ (place.querySelector("[role=alert]"));
  const form = place.querySelector("form");
  const attempt = async (/** @type {() => Promise<string>} */ action) => {
    trouble.hidden = true;
    try {
      location.assign(await action());
    } catch (error) {
      const cancelled = error instanceof DOMException;
      trouble.textContent = cancelled ? "No passkey was used." : String(/** @type {Error} */ (error).message);
      trouble.hidden = false;
    }
  };
  if (form) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("current"));
      attempt(() => enrol(token, field.value));
    });
  } else {
    place.querySelector("button")?.addEventListener("click", () =>
      attempt(async () => {
        const to = await signIn(token);
        return next === "/" ? to : next;
      }),
    );
  }
}
