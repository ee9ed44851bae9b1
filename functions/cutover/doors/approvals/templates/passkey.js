"use strict";
(() => {
  const note = document.getElementById("passkey");
  const choice = document.getElementById("passkey-choice");
  document.getElementById("passkey-off")?.remove();
  const able = Boolean(window.PublicKeyCredential && navigator.credentials && window.fetch);
  document.getElementById(able ? "passkey-able" : "passkey-unable").hidden = false;
  if (!able) return;

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  function put(form, name, value) {
    const field = form.querySelector(`input[type=hidden][name=${name}]`) || document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    form.append(field);
  }

  function say(button, message) {
    const said = document.getElementById("passkey-said");
    button.before(said);
    said.hidden = false;
    said.textContent = message;
  }

  async function signed(form, button) {
    const fields = new URLSearchParams(new FormData(form));
    fields.set(button.name, button.value);
    fields.set("step", "challenge");
    const answer = await fetch(location.pathname, { method: "POST", body: fields, redirect: "manual" });
    if (!answer.ok) return null;
    const asked = await answer.json();
    const made = await navigator.credentials.get({
      publicKey: {
        challenge: bytes(asked.challenge),
        rpId: asked.rpId,
        allowCredentials: asked.allow.map((id) => ({ type: "public-key", id: bytes(id) })),
        userVerification: "required",
        timeout: 120000,
      },
    });
    return JSON.stringify({
      credential: text(made.rawId),
      authenticator_data: text(made.response.authenticatorData),
      client_data: text(made.response.clientDataJSON),
      signature: text(made.response.signature),
    });
  }

  async function decide(form, button) {
    button.disabled = true;
    try {
      const assertion = await signed(form, button);
      put(form, button.name, button.value);
      if (assertion) put(form, "assertion", assertion);
      form.submit();
    } catch (error) {
      const unused = error instanceof DOMException;
      say(button, unused ? note.dataset.unused : note.dataset.unreached);
      button.disabled = false;
    }
  }

  document.addEventListener("submit", (event) => {
    if (choice && !choice.checked) return;
    event.preventDefault();
    decide(event.target, event.submitter);
  });
})();
