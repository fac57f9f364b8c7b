import { checkGroups, checkSummary } from "../../static/js/check-groups.js";
import { equal, test } from "./check.js";

const check = (status, title, engine, message = `${title}.`) =>
  ({ id: title, status, title, message, fix: status === "failed" ? "Do it." : null, details: engine ? { engine } : {} });

test("what is wrong stands first, and what was skipped for one reason once", () => {
  const why = "Not checked, because it cannot be reached.";
  const { troubles, working, unknown } = checkGroups([
    check("ok", "Disk"), check("warning", "Previews", "http://a"), check("failed", "Way", "http://b"),
    check("skipped", "Nodes", "http://b", why), check("skipped", "Models", "http://b", why), check("skipped", "Nodes", "http://a", why),
  ]);
  equal(troubles.map(({ title, where, fix }) => [title, where, fix]), [["Way", "http://b", "Do it."], ["Previews", "http://a", ""]]);
  equal(working.map(({ title, where }) => [title, where]), [["Disk", ""]]);
  equal(unknown.map(({ title, where, count }) => [title, where, count]), [["Nodes, Models", "http://b", 2], ["Nodes", "http://a", 1]]);
});

test("a single engine is not named, nor one that the message names", () => {
  equal(checkGroups([check("ok", "Way", "http://a")]).working[0].where, "");
  equal(checkGroups([check("ok", "Way", "http://a", "http://a answers."), check("ok", "Way", "http://b")]).working.map(({ where }) => where),
    ["", "http://b"]);
});

test("the checks are summed up in a sentence", () => {
  const said = (...statuses) => checkSummary(statuses.map((status) => check(status, status)));
  equal(said("ok", "skipped"), "Everything works.");
  equal(said("ok", "warning"), "Everything works, and one could be better.");
  equal(said("failed"), "One thing does not work.");
  equal(said("failed", "failed", "warning", "warning"), "2 things do not work, and 2 could be better.");
});
