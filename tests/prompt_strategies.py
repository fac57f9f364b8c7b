"""What property tests of the prompt language are made from: words, flags, braces, and noise."""

from hypothesis import strategies as st

from imagine.parameters import PARAMETERS

UPLOAD = f"upload:{'0a' * 32}"
PICTURE = "picture:01980000-0000-7000-8000-000000000000/1"

# Lists whose lines are as odd as what people type, some of them in need of others.
WILDCARDS = {
    "animals": ("fox", "wolf, grey", "__wild/birds__", "a \\{b\\}", "hen:: owl::2"),
    "wild/birds": ("heron", "__colour__ crane", "{jay, tit}", "-- tern"),
    "colour": ("red", "blue", "_green_", "ink\\"),
    "look": ("--raw", "--ar 3:2 --no fog", "<lora:ink:0.5>", f"--sref {PICTURE}::2", "--r 3"),
    "number": ("5", "2", ".5", "7.5", "0"),
    "bad": ("--ar 1:0", "__loop__", UPLOAD, "fine"),
    "loop": ("__loop__", "__bad__"),
}
WORDS_OF_OTHERS = [
    *(f"__{name}__" for name in WILDCARDS),
    *("__Animals__", "__animalz__", "____", "__", "_", "__a__b__c__", "__x/__", "::__number__"),
    *("--seed __number__", "--s __number__", "--no __colour__", "--{__look__, x}", "--ar __bad__"),
    *("<lora:ink:0.8>", "<lora:ink>", "<lora:a b:.5:.25>,", "<LORA:x:-1>", "<lora:x\\{1\\}:2>"),
    *("<lora:", "<lora::1>", "<lora:x:>", "<lora:x:y>", "<lora:x:99>", "<lora:x --ar 1:1>", ">"),
    *("(fox:1.3)", "((fox))", "[fox]", "(fox:1.3)::2", "(a::2)", "(word:1.1)::-.5", "(::)"),
    *(UPLOAD, PICTURE, f"<{UPLOAD}>", f"{PICTURE}::2", "upload:abc", f"--cref {UPLOAD}, {PICTURE}"),
    *("/imagine prompt:", "/imagine", "imagine prompt:", "/imagine prompt"),
]

FLAGS = [flag for row in PARAMETERS for flag in row.flags]

FRAGMENTS = [
    *WORDS_OF_OTHERS,
    *(f"--{flag}" for flag in FLAGS),
    *(f"--{row.flags[0]} {row.example}" for row in PARAMETERS),
    *(
        "--",
        "—ar",
        "–-s",
        "-–c",
        "–no",
        "— ",
        "--ar=16:9",
        "--styilze",
        "--AR",
        "---ar",
        "-ar",
        "- ",
    ),
    *("::", "::2", "::-.5", ":: 2", "::1.5x", ":", ":::", "::0", "::-", "a::", "::--ar 1:1"),
    *("{", "}", "{a, b}", "{, --raw}", "{1:1, 16:9}", "\\{", "\\}", "\\,", "\\", ",", "{a{b,c}}"),
    *("https://example.com/a.png", "<https://example.com/b.jpg>", "s.mj.run/abc", "http://", '"'),
    *("16:9", "1:0", "1.5:1", "42", "-1", ".5", "1e3", "random", "none", "1024x768", "raw", "=5"),
    *(
        "fox",
        "snow,",
        "red ",
        " ",
        "\n",
        "\u200b",
        "\u00a0",
        "\u3000",
        "é",
        "雪",
        "🦊",
        "👩‍🚀",
        "ß",
    ),
    *("\x00", "\x1c", "\ud800", "\u202e", "\x85", "0", "9" * 50, "." * 5, "٣", "İ"),
]

fragments = st.lists(
    st.one_of(st.sampled_from([*FRAGMENTS, *(f" {text} " for text in FRAGMENTS)]), st.characters()),
    max_size=12,
).map("".join)

VALUES = [
    *(row.example for row in PARAMETERS if row.example),
    *("-5", "0", "1", "2", "3", "7", "99", "100", "101", "1000", "5000", "4294967296"),
    *("-1", "-.5", ".25", "0.30", "1.5", "2.999", "16:9", "9:16", "1:0", "1000x777", "63x64"),
    *("fog, snow", "fog,, \\, snow", "123::2 random", "<https://a.b/c>, 5::.5", "sd xl", "6.1"),
]

WORDS = [
    *WORDS_OF_OTHERS,
    *("__animals__", "__colour__", "__wild/birds__", "__look__", "<lora:ink:0.8>"),
    *("fox", "red", "snow,", "a::2", "b::-.1", "::", "{x, y}", "\\{", '"neon"', "é", "–", "\\,"),
]

# Flags with values that fit, and some with any value.
SETTINGS = [
    *(f"--{flag} {row.example}" for row in PARAMETERS for flag in row.flags),
    *("--no a, b\\, c", "--no {x, y}", "--no ,", "--s 7", "--s 7000", "--v 3", "--v 6.0", "--q 3"),
    *("--ar 1:0", "--ar 3:2", "--sref random 7::2", "--sref https://a.b/c::.5, 3", "--style raw"),
    *("--lora a b:-.25", "--lora a::2", "--model a\\{b", "--no a,--ar", "--no ,--s 3,b"),
    *("--model=--ar", "--p=--s", "--lora a :: ", "--lora : :", "--sampler=–x"),
    *("--size 777x1001", "--r 3", "—c 5", "--p"),
]

prompts = st.builds(
    lambda words, flags: " ".join(words + flags),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=6),
    st.lists(
        st.one_of(
            st.sampled_from(SETTINGS),
            st.sampled_from(SETTINGS),
            st.builds("--{} {}".format, st.sampled_from(FLAGS), st.sampled_from(VALUES)),
        ),
        max_size=4,
    ),
)

JSON_VALUES = [
    *(
        None,
        True,
        False,
        0,
        1,
        7,
        -1,
        64,
        512,
        1.5,
        2.0,
        1e300,
        float("nan"),
        float("-inf"),
        10**20,
    ),
    *("", " ", "fog", "a, b", "a --ar 1:1", "\x00", "\ud800", "{a}", "\\", "x\\", "--", "euler a"),
    *([], ["fog", "a, b", ""], [1], [None], {}, {"value": "x"}, {"value": 5, "weight": 2}),
    *([{"value": "detail:1", "weight": 0.5}], [{"value": "a b", "weight": True}], [["x"]]),
    *([{"value": "https://a.b/c::2,"}], {"value": "random", "weight": -1}, ["7::2", "random"]),
    *FRAGMENTS,
    *VALUES,
]

options = st.dictionaries(
    st.one_of(
        st.sampled_from(
            [
                *(row.name for row in PARAMETERS),
                *("negativePrompt", "width", "height", "batch_size", "ar", "loras", "cfgScale"),
            ]
        ),
        st.text(max_size=5),
    ),
    st.one_of(st.sampled_from(JSON_VALUES), st.integers(), st.floats(), st.text(max_size=8)),
    max_size=4,
)
