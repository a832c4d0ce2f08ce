// Goes behind the script of a page: acts as a person would, and writes down what it sees.
(async () => {
  const seen = {}, errors = [];
  addEventListener("error", (event) => errors.push(event.message));
  addEventListener("securitypolicyviolation", (event) => errors.push(event.violatedDirective));
  const cells = (row) => [...document.querySelector(row).cells].map((cell) => cell.textContent);
  const frame = () => new Promise((done) => setTimeout(done, 30));
  const text = (id) => document.getElementById(id).textContent;
  const chart = document.getElementById("chart"), gantt = document.getElementById("gantt");
  const key = async (name, more = {}) => {
    chart.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...more }));
    await frame();
  };
  const mouse = async (name, x, y) => {
    const box = gantt.getBoundingClientRect();
    const event = new PointerEvent(name, { clientX: box.left + x, clientY: box.top + y, pointerId: 1, bubbles: true });
    gantt.dispatchEvent(event);
    await frame();
  };
  const painted = () => {
    const pen = gantt.getContext("2d"), pixels = pen.getImageData(0, 0, gantt.width, gantt.height).data;
    const colours = new Set();
    for (let at = 0; at < pixels.length; at += 4) if (pixels[at + 3] > 250) colours.add(pixels[at] + "," + pixels[at + 1] + "," + pixels[at + 2]);
    return colours.size;
  };
  await frame();
  ACTIONS
  seen.errors = errors;
  const found = document.createElement("pre");
  found.id = "seen";
  found.textContent = JSON.stringify(seen);
  document.body.append(found);
})();
