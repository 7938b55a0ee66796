"use strict";

// Every text of the server becomes text of the page, never markup.
const pollMilliseconds = 2000;
const lateMilliseconds = 10000;
const refreshEarlySeconds = 60;
const roles = { silo: "silo", frontEnd: "front end", frontEndWithSilo: "front end with silo" };
const states = { running: "good", stopping: "odd", stopped: "odd", gone: "bad" };
const memberStates = { Active: "good", Dead: "bad" };
const tokens = { access: null, refresh: null };
let polling = 0;
let shownAt = 0;

const find = (id) => document.getElementById(id);
const number = (value, digits = 0) =>
  value.toLocaleString(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits });
const rate = (value) => number(value, value > 0 && value < 100 ? 1 : 0);

function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let index = 0;
  while (value >= 1024 && index < units.length - 1) {
    value /= 1024;
    index++;
  }
  return `${number(value, index > 0 && value < 100 ? 1 : 0)} ${units[index]}`;
}

function span(seconds) {
  if (seconds < 60) return `${number(seconds)} s`;
  if (seconds < 3600) return `${number(Math.floor(seconds / 60))} min`;
  if (seconds < 172800) return `${number(Math.floor(seconds / 3600))} h`;
  return `${number(Math.floor(seconds / 86400))} d`;
}

const milliseconds = (seconds) => (seconds >= 1 ? `${number(seconds, 2)} s` : `${number(seconds * 1000, seconds < 0.1 ? 1 : 0)} ms`);

function cell(name, content, className) {
  const element = document.createElement(name);
  element.textContent = content;
  if (className) element.className = className;
  return element;
}

// rows: arrays of [text, class]; the first cell names its row.
function fill(table, rows, columns) {
  const body = find(table).tBodies[0];
  body.replaceChildren(
    ...rows.map((row) => {
      const line = document.createElement("tr");
      row.forEach(([text, className], index) => {
        const element = cell(index === 0 ? "th" : "td", text, className);
        if (index === 0) element.scope = "row";
        line.append(element);
      });
      return line;
    }),
  );
  if (rows.length === 0) {
    const line = document.createElement("tr");
    const nothing = cell("td", "none", "none");
    nothing.colSpan = columns;
    line.append(nothing);
    body.append(line);
  }
}

function show(status) {
  const sums = [
    ["Silos", number(status.siloCount)],
    ["Front ends", number(status.frontEndCount)],
    ["Activations", number(status.activationCount)],
    ["Calls/s", rate(status.callsPerSecond)],
    ["Errors/s", rate(status.errorsPerSecond)],
    ["Bytes in flight", bytes(status.bytesInFlight)],
    ["Reminders", number(status.reminderCount)],
  ];
  find("sums").replaceChildren(
    ...sums.map(([name, value]) => {
      const tile = document.createElement("div");
      tile.append(cell("dt", name), cell("dd", value));
      return tile;
    }),
  );
  fill("processes", status.processes.map((one) => [
    [one.name],
    [roles[one.role] ?? one.role],
    [one.state, states[one.state]],
    [span(one.ageSeconds), "number"],
    [span(one.uptimeSeconds), "number"],
    [number(one.processorsUsed, 2), "number"],
    [bytes(one.memoryBytes), "number"],
    [number(one.activationCount), "number"],
    [rate(one.callsPerSecond), "number"],
    [number(one.reminderCount), "number"],
    [bytes(one.bytesInFlight), "number"],
    [number(one.waitingUploadCount), "number"],
    [`${one.version} on ${one.runtime}`],
  ]), 13);
  find("members-section").hidden = status.members.length === 0;
  fill("members", status.members.map((one) => [
    [one.name],
    [one.address],
    [one.status, memberStates[one.status] ?? "odd"],
    [new Date(one.startedAt).toLocaleString()],
    [new Date(one.aliveAt).toLocaleString()],
  ]), 5);
  fill("methods", status.methods.map((one) => [
    [one.grain],
    [one.method],
    [rate(one.callsPerSecond), "number"],
    [milliseconds(one.p50Seconds), "number"],
    [milliseconds(one.p99Seconds), "number"],
    [rate(one.errorsPerSecond), one.errorsPerSecond > 0 ? "number bad" : "number"],
  ]), 6);
  fill("activations", status.activations.map((one) => [[one.grainType], [number(one.count), "number"]]), 2);
  find("sign-in").hidden = true;
  find("board").hidden = false;
  find("sign-out").hidden = false;
  shownAt = Date.now();
  tell("live", false);
}

// Said only when it changes: a screen reader reads each change out.
function tell(text, isLate) {
  const line = find("freshness");
  if (line.textContent !== text) line.textContent = text;
  line.classList.toggle("late", isLate);
}

function askToSignIn(error) {
  clearTimeout(polling);
  polling = 0;
  find("board").hidden = true;
  find("sign-out").hidden = true;
  find("sign-in").hidden = false;
  find("sign-in-error").textContent = error;
  tell("", false);
}

async function poll() {
  clearTimeout(polling);
  try {
    const response = await fetch("/cluster/status", { headers: { accept: "application/json" }, cache: "no-store" });
    if (response.status === 401) return askToSignIn("");
    if (response.status === 403) return askToSignIn("This account is no administrator.");
    if (response.ok) show(await response.json());
    else tell(`The cluster does not answer (${response.status}).`, true);
  } catch {
    tell("This front end can't be reached.", true);
  }
  if (shownAt > 0 && Date.now() - shownAt > lateMilliseconds)
    tell(`No news for ${span((Date.now() - shownAt) / 1000)}: what is shown is old.`, true);
  polling = setTimeout(poll, document.hidden ? 5 * pollMilliseconds : pollMilliseconds);
}

const post = (path, body) =>
  fetch(path, { method: "POST", headers: { "content-type": "application/json", accept: "application/json" }, body: JSON.stringify(body) });

// The cookie lets the browser load pages; it holds the access token and ends with it.
async function take(answer) {
  tokens.access = answer.accessToken;
  tokens.refresh = answer.refreshToken;
  setTimeout(refresh, Math.max(1, answer.expiresIn - refreshEarlySeconds) * 1000);
  const response = await fetch("/dashboard/session", { method: "POST", headers: { authorization: `Bearer ${tokens.access}`, accept: "application/json" } });
  return response.status;
}

async function refresh() {
  if (!tokens.refresh) return;
  try {
    const response = await post("/v1/auth/refresh", { refreshToken: tokens.refresh });
    if (response.ok) await take(await response.json());
  } catch {
    // The next poll says that the session has ended.
  }
}

async function signIn(event) {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  button.disabled = true;
  find("sign-in-error").textContent = "";
  try {
    const response = await post("/v1/auth/login", { email: form.email.value, password: form.password.value });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.detail ?? "That did not work.");
    const status = await take(answer);
    if (status === 403) {
      await signOut();
      throw new Error("This account is no administrator.");
    }
    if (status !== 204) throw new Error(`That did not work (${status}).`);
    form.reset();
    // Another page may stand behind this form.
    const page = await fetch(location.pathname, { headers: { accept: "text/html" }, cache: "no-store" });
    if ((await page.text()).includes('data-page="grainvault-cluster"')) await poll();
    else location.reload();
  } catch (error) {
    find("sign-in-error").textContent = error.message;
  } finally {
    button.disabled = false;
  }
}

async function signOut() {
  const access = tokens.access;
  tokens.access = tokens.refresh = null;
  await fetch("/dashboard/session", { method: "DELETE" });
  if (access) await fetch("/v1/auth/logout", { method: "POST", headers: { authorization: `Bearer ${access}` } });
  askToSignIn("");
}

find("sign-in").addEventListener("submit", signIn);
find("sign-out").addEventListener("click", () => signOut().catch(() => askToSignIn("")));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && polling) poll();
});
poll();
