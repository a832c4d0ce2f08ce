"use strict";
// Draws the schedule of one run on two canvases with a common time axis, and lists its jobs.
// State: `state.from`..`state.to` are seconds shown, `state.low`..`state.high` rows shown.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const WAYS = ["started at once or in turn", "backfilled", "started from its reservation",
    "too large for the machine", "not started"];
  const IMMEDIATE = 0, BACKFILL = 1, RESERVED = 2;
  const LEFT = 64, RIGHT = 12, PER_PAGE = 100, MIN_SECONDS = 10;
  const jobs = data.jobs;
  const state = { run: 0, view: "units", from: 0, to: 1, low: 0, high: 1, held: -1, pointed: -1,
    sort: "submit", down: false, page: 0, words: "" };
  let run, byStart, listed, colours, hatch;

  // ---- words ----

  function duration(seconds) {
    if (seconds < 0) return "–";
    const parts = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]];
    const found = [];
    let rest = Math.round(seconds);
    for (const [size, name] of parts) {
      if (rest >= size || (name === "s" && !found.length)) found.push(Math.floor(rest / size) + name);
      rest %= size;
    }
    return found.slice(0, 2).join(" ");
  }

  function ranges(places) {
    const found = [];
    for (let at = 0; at < places.length && at < 16; at += 2)
      found.push(places[at] === places[at + 1] ? String(places[at]) : places[at] + "-" + places[at + 1]);
    return found.join(",") + (places.length > 16 ? ",…" : "");
  }

  function about(job) {
    const start = run.start[job], size = run.size[job];
    const words = ["Job " + jobs.id[job] + (jobs.users.length ? ", user " + (jobs.users[jobs.user[job]] || "not known") : ""),
      size + " " + plural(size) + ", submitted at " + duration(jobs.submit[job])];
    if (start < 0) return words.concat(WAYS[run.how[job]]);
    words.push("waited " + duration(start - jobs.submit[job]) + ", ran " + duration(run.run[job]) +
      " of " + duration(run.limit[job]) + " from " + duration(start) + " to " + duration(start + run.run[job]));
    words.push(WAYS[run.how[job]]);
    if (run.places) words.push(run.unit + " " + ranges(run.places[job]));
    return words;
  }

  function plural(count) { return run.unit + (count === 1 ? "" : "s"); }

  // ---- the run and the part that is shown ----

  function steps() {  // use and queue length, from all starts and ends
    const changes = [[0, 0, 0]];
    for (const job of byStart) {
      changes.push([jobs.submit[job], 0, 1], [run.start[job], run.size[job], -1],
        [run.start[job] + run.run[job], -run.size[job], 0]);
    }
    changes.sort((a, b) => a[0] - b[0]);
    const found = { times: [], used: [], queued: [] };
    let used = 0, queued = 0;
    for (const [time, units, waiting] of changes) {
      used += units;
      queued += waiting;
      if (found.times.at(-1) !== time) found.times.push(time);
      found.used[found.times.length - 1] = used;
      found.queued[found.times.length - 1] = queued;
    }
    return found;
  }

  function choose(number) {
    state.run = number;
    run = data.runs[number];
    byStart = [];
    for (let job = 0; job < run.start.length; job++) if (run.start[job] >= 0) byStart.push(job);
    byStart.sort((a, b) => run.start[a] - run.start[b] || a - b);
    run.steps = run.steps || steps();
    run.longest = run.steps.queued.reduce((most, value) => Math.max(most, value), 1);
    state.held = state.pointed = -1;
    const listing = run.start.length > 0;
    for (const part of [$("gantt"), $("views"), $("list")]) part.hidden = !listing;
    $("unlisted").hidden = listing;
    $("units-name").textContent = run.unit + "s";
    const radio = document.querySelector("input[value=units]");
    radio.disabled = !run.places;
    if (!run.places) state.view = "jobs";
    for (const input of document.querySelectorAll("input[name=view]")) input.checked = input.value === state.view;
    $("summary").textContent = "Run " + run.name + ": " + run.text;
    document.querySelectorAll("#results tbody tr").forEach((row, at) => row.classList.toggle("chosen", at === number));
    list();
    reset();
  }

  function end() { return Math.max(run.end, 1); }

  function reset() { state.from = 0; state.to = end(); fitRows(); draw(); }

  function rowCount() { return state.view === "units" ? run.capacity : run.start.length; }

  function fitRows() {
    state.low = 0;
    state.high = rowCount();
    if (state.view !== "jobs") return;
    let low = state.high, high = 0;  // only the jobs that are there in the time shown
    for (let job = 0; job < run.start.length; job++) {
      if (jobs.submit[job] > state.to) break;
      const until = run.start[job] < 0 ? jobs.submit[job] : run.start[job] + run.run[job];
      if (until < state.from) continue;
      low = Math.min(low, job);
      high = job + 1;
    }
    if (low < high) { state.low = low; state.high = high; }
  }

  function zoom(factor, centre = (state.from + state.to) / 2) {
    const span = Math.min(Math.max((state.to - state.from) * factor, MIN_SECONDS), end());
    const part = (centre - state.from) / (state.to - state.from);
    moveTo(centre - part * span, span);
  }

  function moveTo(from, span = state.to - state.from) {
    state.from = Math.min(Math.max(from, 0), Math.max(end() - span, 0));
    state.to = state.from + span;
    if (state.view === "jobs") fitRows();
    draw();
  }

  function zoomRows(factor, centre = (state.low + state.high) / 2) {
    const span = Math.min(Math.max((state.high - state.low) * factor, 4), rowCount());
    const part = (centre - state.low) / (state.high - state.low);
    moveRows(centre - part * span, span);
  }

  function moveRows(low, span = state.high - state.low) {
    state.low = Math.min(Math.max(low, 0), Math.max(rowCount() - span, 0));
    state.high = state.low + span;
    draw();
  }

  // ---- drawing ----

  function sheet(canvas) {
    const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = "12px system-ui, sans-serif";
    return { pen, width, height };
  }

  function readColours() {
    const style = getComputedStyle(document.documentElement);
    colours = {};
    for (const name of ["back", "text", "faint", "line", "immediate", "reserved", "backfill", "waiting", "accent"])
      colours[name] = style.getPropertyValue("--" + name).trim();
    const tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    const pen = tile.getContext("2d");
    pen.strokeStyle = colours.back;
    pen.beginPath();
    pen.moveTo(-1, 7); pen.lineTo(7, -1);
    pen.stroke();
    hatch = tile;
  }

  const x = (time, width) => LEFT + (time - state.from) / (state.to - state.from) * (width - LEFT - RIGHT);

  function step(span, most) {
    for (const size of [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 172800, 604800, 2592000, 7776000])
      if (span / size <= most) return size;
    return 31536000 * Math.ceil(span / 31536000 / most);
  }

  function timeAxis(pen, width, top, bottom) {
    const size = step(state.to - state.from, Math.max((width - LEFT - RIGHT) / 110, 2));
    pen.textAlign = "center";
    pen.textBaseline = "top";
    for (let time = Math.ceil(state.from / size) * size; time <= state.to; time += size) {
      const at = Math.round(x(time, width)) + 0.5;
      pen.strokeStyle = colours.line;
      pen.beginPath(); pen.moveTo(at, top); pen.lineTo(at, bottom); pen.stroke();
      pen.fillStyle = colours.faint;
      pen.fillText(time === 0 ? "0" : duration(time), Math.min(Math.max(at, LEFT), width - 24), bottom + 4);
    }
  }

  function drawPlot() {
    const { pen, width, height } = sheet($("plot"));
    const half = (height - 40) / 2, { times, used, queued } = run.steps;
    timeAxis(pen, width, 6, height - 18);
    const curve = (list, most, base, fill) => {
      pen.beginPath();
      pen.moveTo(LEFT, base);
      for (let at = 0; at < times.length && times[at] <= state.to; at++) {
        const until = at + 1 < times.length ? times[at + 1] : end();
        if (until < state.from) continue;
        const level = base - list[at] / most * (half - 8);
        pen.lineTo(Math.max(x(times[at], width), LEFT), level);
        pen.lineTo(Math.min(x(until, width), width - RIGHT), level);
      }
      pen.lineTo(width - RIGHT, base);
      pen.closePath();
      pen.fillStyle = fill;
      pen.fill();
    };
    const longest = run.longest;
    curve(used, run.capacity, 6 + half, colours.immediate);
    curve(queued, longest, 14 + 2 * half, colours.backfill);
    pen.textAlign = "right"; pen.textBaseline = "middle"; pen.fillStyle = colours.text;
    pen.fillText("100%", LEFT - 6, 16); pen.fillText("in use", LEFT - 6, 6 + half - 8);
    pen.fillText(String(longest), LEFT - 6, 24 + half); pen.fillText("waiting", LEFT - 6, 14 + 2 * half - 8);
  }

  function colourOf(job) {
    return run.how[job] === BACKFILL ? colours.backfill : run.how[job] === RESERVED ? colours.reserved : colours.immediate;
  }

  function drawGantt() {
    if (!run.start.length) return;
    const { pen, width, height } = sheet($("gantt"));
    const bottom = height - 20, scale = (bottom - 6) / (state.high - state.low);
    timeAxis(pen, width, 6, bottom);
    pen.save();
    pen.beginPath(); pen.rect(LEFT, 6, width - LEFT - RIGHT, bottom - 6); pen.clip();
    const stripes = pen.createPattern(hatch, "repeat");
    for (const job of byStart) {
      if (state.view === "units" && run.start[job] > state.to) break;
      drawJob(pen, job, width, scale, stripes);
    }
    for (const job of [state.held, state.pointed]) if (job >= 0) outline(pen, job, width, scale);
    pen.restore();
    pen.fillStyle = colours.text; pen.textAlign = "right"; pen.textBaseline = "top";
    const digits = (value) => String(Math.round(value));
    pen.fillText(digits(state.low), LEFT - 6, 6);
    pen.textBaseline = "bottom";
    pen.fillText(digits(Math.max(state.high - 1, 0)), LEFT - 6, bottom);
    pen.textBaseline = "middle";
    pen.fillText(state.view === "units" ? run.unit : "job", LEFT - 6, (6 + bottom) / 2);
  }

  function boxes(job, width, scale) {
    const start = run.start[job], left = x(start, width);
    const wide = Math.max(x(start + run.run[job], width) - left, 1);
    if (state.view === "jobs") return [[left, 6 + (job - state.low) * scale, wide, Math.max(scale, 1)]];
    const places = run.places[job], found = [];
    for (let at = 0; at < places.length; at += 2)
      found.push([left, 6 + (places[at] - state.low) * scale, wide, Math.max((places[at + 1] - places[at] + 1) * scale, 1)]);
    return found;
  }

  function drawJob(pen, job, width, scale, stripes) {
    const start = run.start[job], until = start + run.run[job];
    if (state.view === "jobs") {
      if (job < state.low - 1 || job > state.high || until < state.from || jobs.submit[job] > state.to) return;
      const from = x(jobs.submit[job], width);
      pen.fillStyle = colours.waiting;
      pen.fillRect(from, 6 + (job - state.low) * scale + scale * 0.3, Math.max(x(start, width) - from, 0), Math.max(scale * 0.4, 0.5));
    } else if (until < state.from) return;
    for (const [left, top, wide, high] of boxes(job, width, scale)) {
      const gap = wide > 4 && high > 4 ? 1 : 0;
      pen.fillStyle = colourOf(job);
      pen.fillRect(left, top, wide - gap, high - gap);
      if (run.how[job] === BACKFILL && wide > 8 && high > 6) {
        pen.fillStyle = stripes;
        pen.fillRect(left, top, wide - gap, high - gap);
      }
    }
  }

  function outline(pen, job, width, scale) {
    if (run.start[job] < 0) return;
    pen.strokeStyle = colours.text;
    pen.lineWidth = 2;
    for (const [left, top, wide, high] of boxes(job, width, scale)) pen.strokeRect(left - 1, top - 1, wide + 2, high + 2);
    pen.lineWidth = 1;
  }

  let due = false;
  function draw() {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      drawPlot();
      drawGantt();
      $("window").textContent = "Shown: " + duration(state.from) + " to " + duration(state.to) + " of " + duration(end()) +
        " after the first submission";
    });
  }

  // ---- pointing and keys ----

  function jobAt(px, py) {
    const canvas = $("gantt"), width = canvas.clientWidth, bottom = canvas.clientHeight - 20;
    const time = state.from + (px - LEFT) / (width - LEFT - RIGHT) * (state.to - state.from);
    const row = Math.floor(state.low + (py - 6) / (bottom - 6) * (state.high - state.low));
    const slack = (state.to - state.from) / (width - LEFT - RIGHT);
    if (px < LEFT || py < 6 || py > bottom) return -1;
    if (state.view === "jobs") return row >= 0 && row < run.start.length ? row : -1;
    let near = -1;
    for (const job of byStart) {
      if (run.start[job] > time + slack) break;
      if (run.start[job] + run.run[job] < time - slack) continue;
      const places = run.places[job];
      for (let at = 0; at < places.length; at += 2)
        if (row >= places[at] && row <= places[at + 1]) {
          if (run.start[job] <= time && time < run.start[job] + run.run[job]) return job;
          near = job;
        }
    }
    return near;
  }

  function point(event) {
    const box = $("gantt").getBoundingClientRect();
    const px = event.clientX - box.left, py = event.clientY - box.top, tip = $("tip");
    const job = jobAt(px, py);
    if (job !== state.pointed) { state.pointed = job; draw(); }
    tip.hidden = job < 0;
    if (job < 0) return;
    tip.textContent = about(job).join("\n");
    const frame = $("chart").getBoundingClientRect();
    tip.style.left = Math.min(event.clientX - frame.left + 14, frame.width - tip.offsetWidth - 8) + "px";
    tip.style.top = (event.clientY - frame.top + 14) + "px";
  }

  function hold(job, show) {
    state.held = job;
    $("details").textContent = job < 0 ? "" : about(job).join("; ") + ".";
    if (job >= 0 && show && run.start[job] >= 0) {
      const start = run.start[job], until = start + run.run[job];
      if (start < state.from || until > state.to) {
        const span = Math.min(Math.max(until - start, (state.to - state.from) / 2) * 2, end());
        moveTo((start + until) / 2 - span / 2, span);
      }
      const row = state.view === "jobs" ? job : run.places[job][0];
      if (row < state.low || row >= state.high) moveRows(row - (state.high - state.low) / 2);
    }
    draw();
  }

  function next(by) {
    let at = byStart.indexOf(state.held);
    if (at < 0) {
      at = byStart.findIndex((job) => run.start[job] + run.run[job] >= state.from);
      at = at < 0 ? 0 : at;
    } else at = Math.min(Math.max(at + by, 0), byStart.length - 1);
    if (byStart.length) hold(byStart[at], true);
  }

  const actions = {
    in: () => zoom(0.5), out: () => zoom(2), reset,
    left: () => moveTo(state.from - (state.to - state.from) / 4),
    right: () => moveTo(state.from + (state.to - state.from) / 4),
    up: () => moveRows(state.low - (state.high - state.low) / 4),
    down: () => moveRows(state.low + (state.high - state.low) / 4),
    taller: () => zoomRows(0.5), flatter: () => zoomRows(2),
    next: () => next(1), previous: () => next(-1), free: () => hold(-1),
  };
  const keys = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", "+": "in", "=": "in",
    "-": "out", "0": "reset", Home: "reset", n: "next", p: "previous", Escape: "free" };

  $("chart").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const shifted = { ArrowUp: "taller", ArrowDown: "flatter" };
    const action = (event.shiftKey && shifted[event.key]) || keys[event.key];
    if (!action) return;
    event.preventDefault();
    actions[action]();
  });
  for (const button of document.querySelectorAll("[data-do]"))
    button.addEventListener("click", () => actions[button.dataset.do]());

  let dragged = null;
  const gantt = $("gantt");
  gantt.addEventListener("pointerdown", (event) => {
    dragged = { x: event.clientX, y: event.clientY, from: state.from, low: state.low, moved: false };
    gantt.setPointerCapture(event.pointerId);
  });
  gantt.addEventListener("pointermove", (event) => {
    if (!dragged) return point(event);
    const dx = event.clientX - dragged.x, dy = event.clientY - dragged.y;
    if (!dragged.moved && Math.abs(dx) + Math.abs(dy) < 4) return;
    dragged.moved = true;
    $("tip").hidden = true;
    moveTo(dragged.from - dx / (gantt.clientWidth - LEFT - RIGHT) * (state.to - state.from));
    if (state.view === "units") moveRows(dragged.low - dy / (gantt.clientHeight - 26) * (state.high - state.low));
  });
  gantt.addEventListener("pointerup", (event) => {
    if (dragged && !dragged.moved) {
      const box = gantt.getBoundingClientRect();
      hold(jobAt(event.clientX - box.left, event.clientY - box.top), false);
    }
    dragged = null;
  });
  gantt.addEventListener("pointercancel", () => { dragged = null; });
  gantt.addEventListener("pointerleave", () => { $("tip").hidden = true; state.pointed = -1; draw(); });
  for (const canvas of [gantt, $("plot")])
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const box = canvas.getBoundingClientRect(), factor = event.deltaY + event.deltaX > 0 ? 1.25 : 0.8;
      if (event.shiftKey && canvas === gantt)
        return zoomRows(factor, state.low + (event.clientY - box.top - 6) / (box.height - 26) * (state.high - state.low));
      zoom(factor, state.from + (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT) * (state.to - state.from));
    }, { passive: false });

  // ---- the table of jobs ----

  const columns = [
    ["id", "Job", (job) => jobs.id[job], (job) => job],
    ["user", "User", (job) => jobs.users[jobs.user[job]] || "", (job) => jobs.user[job]],
    ["size", "Size", (job) => run.size[job], (job) => run.size[job]],
    ["submit", "Submitted", (job) => duration(jobs.submit[job]), (job) => jobs.submit[job]],
    ["wait", "Waited", (job) => duration(run.start[job] < 0 ? -1 : run.start[job] - jobs.submit[job]),
      (job) => (run.start[job] < 0 ? -1 : run.start[job] - jobs.submit[job])],
    ["start", "Started", (job) => duration(run.start[job]), (job) => run.start[job]],
    ["run", "Ran", (job) => duration(run.start[job] < 0 ? -1 : run.run[job]), (job) => run.run[job]],
    ["how", "How", (job) => WAYS[run.how[job]], (job) => run.how[job]],
  ];

  function list() {
    const words = state.words.trim().toLowerCase();
    const key = columns.find((column) => column[0] === state.sort)[3];
    listed = [];
    for (let job = 0; job < run.start.length; job++)
      if (!words || jobs.id[job].toLowerCase() === words || (jobs.users[jobs.user[job]] || "").toLowerCase() === words)
        listed.push(job);
    listed.sort((a, b) => (state.down ? key(b) - key(a) : key(a) - key(b)) || a - b);
    state.page = Math.min(state.page, Math.max(Math.ceil(listed.length / PER_PAGE) - 1, 0));
    fill();
  }

  function fill() {
    const pages = Math.max(Math.ceil(listed.length / PER_PAGE), 1), first = state.page * PER_PAGE;
    const rows = $("rows");
    rows.textContent = "";
    for (const job of listed.slice(first, first + PER_PAGE)) {
      const row = rows.insertRow();
      for (const [name, , text] of columns) {
        const cell = row.insertCell();
        if (name === "how" || name === "user") cell.className = "text";
        if (name !== "id") { cell.textContent = text(job); continue; }
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = text(job);
        button.addEventListener("click", () => { hold(job, true); $("chart").focus(); });
        cell.append(button);
      }
    }
    $("page").textContent = listed.length ? "Page " + (state.page + 1) + " of " + pages + ", " + listed.length + " jobs" : "No such job or user";
    $("before").disabled = state.page === 0;
    $("behind").disabled = state.page >= pages - 1;
    for (const title of $("titles").children) {
      const sorted = title.dataset.name === state.sort;
      title.setAttribute("aria-sort", sorted ? (state.down ? "descending" : "ascending") : "none");
    }
  }

  function titles() {
    for (const [name, text] of columns) {
      const title = document.createElement("th"), button = document.createElement("button");
      title.scope = "col";
      title.dataset.name = name;
      if (name === "how" || name === "user") title.className = "text";
      button.type = "button";
      button.textContent = text;
      button.addEventListener("click", () => {
        state.down = state.sort === name ? !state.down : false;
        state.sort = name;
        state.page = 0;
        list();
      });
      title.append(button);
      $("titles").append(title);
    }
  }

  $("search").addEventListener("submit", (event) => {
    event.preventDefault();
    state.words = $("find").value;
    state.page = 0;
    list();
  });
  $("before").addEventListener("click", () => { state.page -= 1; fill(); });
  $("behind").addEventListener("click", () => { state.page += 1; fill(); });

  // ---- begin ----

  const select = $("run");
  data.runs.forEach((entry, at) => select.add(new Option(entry.name, String(at))));
  select.addEventListener("change", () => choose(Number(select.value)));
  for (const input of document.querySelectorAll("input[name=view]"))
    input.addEventListener("change", () => { state.view = input.value; fitRows(); draw(); });
  $("controls").addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("resize", draw);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); draw(); });
  readColours();
  titles();
  choose(0);
})();
