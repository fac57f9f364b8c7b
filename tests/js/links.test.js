import { isLink, isOwn, OWN_LINKS, pictureLink, readPicture, readUpload } from "../../static/js/links.js";
import { equal, test } from "./check.js";

const U = `upload:${"a".repeat(64)}`;
const JOB = "0190f1d2-0000-7000-8000-00000000000a";
const P = pictureLink(JOB, 3);

test("links are told from words, and pictures that are here from others", () => {
  equal([U, P, "https://a.io", "s.mj.run/x", "fox", "upload:12"].map(isLink), [true, true, true, true, false, false]);
  equal([isOwn(U), isOwn(P), isOwn("https://a.io"), isOwn(`${P}x`)], [true, true, false, false]);
});

test("a link tells the upload or the picture of a set", () => {
  equal([readPicture(P), readPicture(U)], [{ job: JOB, image: 3 }, null]);
  equal([readUpload(U), readUpload(P)], ["a".repeat(64), null]);
  equal(`${U}, ${P}::2 ${P}4`.match(OWN_LINKS), [U, P, `${P}4`]);
});
