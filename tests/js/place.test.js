import { fromHash, toHash } from "../../static/js/place.js";
import { equal, test } from "./check.js";

test("a place is written and read again", () => {
  const place = { view: "starred", q: "red fox -snow & \"more\"", picture: { job: "0198-ab", index: 2 } };
  equal(fromHash(toHash(place)), place);
});

test("an unknown place is everything", () =>
  equal(["", "#feed", "#view=nonsense", "#picture=../x.1"].map(fromHash), Array(4).fill({ view: "all", q: "", picture: null })));
