"use strict"

const rows = [...document.querySelectorAll("table.changes tbody tr")]
const text = document.getElementById("text")
const effect = document.getElementById("effect")
const grade = document.getElementById("grade")
const pods = document.getElementById("pods")
const status_ = document.getElementById("status")

function fits(row) {
  const words = text.value.toLowerCase().split(/\s+/).filter(Boolean)
  const shown = row.textContent.toLowerCase()
  return words.every(word => shown.includes(word))
    && (!effect.value || row.dataset.effect === effect.value)
    && (!grade.value || row.dataset.grades.split(" ").includes(grade.value))
    && (!pods.value || row.dataset.pods === pods.value)
}

function filter() {
  for (const row of rows) row.hidden = !fits(row)
  const left = rows.filter(row => !row.hidden).length
  status_.textContent = `${left} of ${rows.length} rows`
}

if (rows.length) {
  for (const each of [text, effect, grade, pods]) each.addEventListener("input", filter)
  filter()
}
