"use strict";
(() => {
  const form = document.getElementById("register");
  const button = form.querySelector("button");
  const said = document.getElementById("said");
  document.getElementById("off").remove();
  if (!window.PublicKeyCredential || !navigator.credentials) {
    document.getElementById("unable").hidden = false;
    return;
  }
  button.disabled = false;

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  function put(name, value) {
    const field = form.querySelector(`input[name=${name}]`) || document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    form.append(field);
  }

  async function register() {
    const asked = JSON.parse(form.dataset.options);
    const made = await navigator.credentials.create({
      publicKey: {
        challenge: bytes(asked.challenge),
        rp: { id: asked.rpId, name: "Cutover" },
        user: { id: bytes(asked.user), name: asked.name, displayName: asked.displayName },
        pubKeyCredParams: asked.algorithms.map((alg) => ({ type: "public-key", alg })),
        excludeCredentials: asked.known.map((id) => ({ type: "public-key", id: bytes(id) })),
        authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
        attestation: "none",
        timeout: 300000,
      },
    });
    put("credential", text(made.rawId));
    put("client_data", text(made.response.clientDataJSON));
    put("attestation", text(made.response.attestationObject));
    form.submit();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    register().catch((error) => {
      said.hidden = false;
      said.textContent = error.name === "InvalidStateError" ? form.dataset.known : form.dataset.unused;
      button.disabled = false;
    });
  });
})();
