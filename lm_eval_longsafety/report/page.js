/* What the page gains where scripts run: sorting tables, filtering documents, details open in print.
   Nothing is built from text: cells are moved, documents are hidden. Without it all can be read. */
"use strict";

/* Tables: a button in the head of each column; numbers by `data-v`, unrounded, missing ones last. */

/** The th that stands above each column alone, by the column's number. */
function heads(table) {
  const grid = [...table.tHead.rows].map(() => []);
  [...table.tHead.rows].forEach((row, y) => {
    let x = 0;
    for (const cell of row.cells) {
      while (grid[y][x]) x += 1;
      for (let dy = 0; dy < cell.rowSpan; dy += 1)
        for (let dx = 0; dx < cell.colSpan; dx += 1) grid[y + dy][x + dx] = cell;
      x += cell.colSpan;
    }
  });
  return grid.at(-1).map((cell) => (cell.colSpan === 1 ? cell : null));
}

function compare(first, second, numeric, sign) {
  if (!numeric) return sign * first.textContent.localeCompare(second.textContent, "en", { numeric: true });
  const [a, b] = [first, second].map((cell) => cell.dataset.v);
  if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
  return sign * (a - b);
}

/** Sorts by a column; numbers start with the highest, the third click restores the order. */
function sort(table, own, head, column, original) {
  const numeric = original.some((row) => row.cells[column].dataset.v !== undefined);
  const turns = numeric ? ["descending", "ascending"] : ["ascending", "descending"];
  const now = turns[turns.indexOf(head.getAttribute("aria-sort")) + 1];
  own.forEach((cell) => cell?.removeAttribute("aria-sort"));
  const rows = [...original];
  if (now) {
    head.setAttribute("aria-sort", now);
    const sign = now === "ascending" ? 1 : -1;
    rows.sort((a, b) => compare(a.cells[column], b.cells[column], numeric, sign));
  }
  table.tBodies[0].append(...rows);
}

for (const table of document.querySelectorAll("main table")) {
  const original = [...table.tBodies[0].rows];
  if (original.length < 2) continue;
  const own = heads(table);
  own.forEach((head, column) => {
    if (!head || !head.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, own, head, column, original));
  });
}

/* Print: everything is open, except the documents, which are as the reader left them. */
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open]):not(.explorer details)")];
  opened.forEach((each) => { each.open = true; });
});
addEventListener("afterprint", () => {
  opened.forEach((each) => { each.open = false; });
});

/* Documents: `data-marks` has a letter for each model: s safe, a aware, n neither, u unread,
   r refused, - not in its results. `data-changed` has a 1 where letter orders change its choice. */
const REPLIES = {
  unread: ({ marks }) => /[ur]/.test(marks),
  refused: ({ marks }) => marks.includes("r"),
  changed: ({ changed }) => changed.includes("1"),
};

function counted(shown, all) {
  const part = shown === all ? "" : `${shown.toLocaleString("en")} of `;
  return `${part}${all.toLocaleString("en")} document${all === 1 ? "" : "s"}`;
}

function filterDocuments(explorer) {
  const filters = explorer.querySelector(".filters");
  const selects = Object.fromEntries([...filters.querySelectorAll("select")].map((s) => [s.name, s]));
  const tasks = [...explorer.querySelectorAll(".task")];
  const all = explorer.querySelectorAll(".document").length;
  function shows(document) {
    const { safe, unsafe, reply } = selects;
    const { marks } = document.dataset;
    return (!safe.value || marks[safe.value] === "s")
      && (!unsafe.value || /[anur]/.test(marks[unsafe.value]))
      && (!reply.value || REPLIES[reply.value](document.dataset));
  }
  function update() {
    const narrowed = Object.values(selects).some((select) => select.value);
    let total = 0;
    tasks.forEach((task, index) => {
      const wanted = !selects.task.value || Number(selects.task.value) === index;
      const documents = [...task.querySelectorAll(".document")];
      documents.forEach((each) => { each.hidden = !(wanted && shows(each)); });
      const shown = documents.filter((each) => !each.hidden).length;
      task.hidden = shown === 0;
      task.open = narrowed && shown > 0;
      task.querySelector(".count").textContent = counted(shown, documents.length);
      total += shown;
    });
    filters.querySelector("output").textContent = counted(total, all);
  }
  filters.addEventListener("change", update);
  filters.querySelector("button").addEventListener("click", () => {
    Object.values(selects).forEach((select) => { select.value = ""; });
    update();
  });
  filters.hidden = false;
}
document.querySelectorAll(".explorer").forEach(filterDocuments);
