package serviceconfig

import (
	"encoding/json"
	"strings"
	"testing"
)

// A text that is nested too deep is refused where it is, with the path that leads there or,
// where that would be long, towards it.
func TestNestedTooDeep(t *testing.T) {
	const reason = "lists and objects are nested more than 100 deep"
	for text, want := range map[string]string{
		strings.Repeat("[", 101):                                             "[0][0][0][0][0][0][0][0][0][0][0][0][0][0]…: line 1, column 102: ",
		strings.Repeat("[", 1_000_000):                                       "[0][0][0][0][0][0][0][0][0][0][0][0][0][0]…: line 1, column 102: ",
		nested(101, `{"x":`, "1", "}"):                                       "x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x…: line 1, column 502: ",
		`{"a":[1,{"b":` + nested(98, "[", "", "]"):                           "a[1].b[0][0][0][0][0][0][0][0][0][0][0][0]…: line 1, column 112: ",
		`{"` + strings.Repeat("k", 40) + `":` + nested(100, "[", "", "]"):    strings.Repeat("k", 40) + "[0]…: line 1, column 145: ",
		`{"k` + strings.Repeat("é", 1000) + `":` + nested(100, "[", "", "]"): "k" + strings.Repeat("é", 19) + "…: line 1, column 1106: ",
		`{"` + strings.Repeat("é", 1000) + `":` + nested(100, "[", "", "]"):  strings.Repeat("é", 20) + "…: line 1, column 1105: ",
	} {
		_, err := Parse(text)
		if err == nil || err.Error() != "service config: "+want+reason {
			t.Errorf("%.40q\ngot  %v\nwant service config: %s", text, err, want+reason)
		}
	}
}

// TestSyntaxErrors has every mistake that the reader knows, its place and its words.
func TestSyntaxErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "the text is empty: write {} for a config without policies", // V25
		" \n ":                               "the text is empty: write {} for a config without policies",
		"{":                                  `line 1, column 2: expected a key in double quotes, found the end of the text`,
		"{\"a\"":                             `line 1, column 5: expected ':' after the key, found the end of the text`,
		"{\n  \"a\": 1,\n}":                  `line 3, column 1: expected a key in double quotes, found '}'`,
		"{\"ä\": tru}":                       `line 1, column 7: expected a value, found 't'`,
		"{'a': 1}":                           `line 1, column 2: expected a key in double quotes, found '\''`,
		"{\"a\": 1 \"b\": 2}":                `line 1, column 9: expected ',' or '}', found '"'`,
		"[1 2]":                              `line 1, column 4: expected ',' or ']', found '2'`,
		"[1,]":                               `line 1, column 4: expected a value, found ']'`,
		"{} x":                               `line 1, column 4: expected the end of the text, found 'x'`,
		"{}// comment":                       `line 1, column 3: expected the end of the text, found '/'`,
		"\ufeff{}":                           `line 1, column 1: expected a value, found '\ufeff'`,
		"[01]":                               `line 1, column 3: expected ',' or ']', found '1'`,
		"[1.]":                               `line 1, column 4: expected a digit, found ']'`,
		"[.5]":                               `line 1, column 2: expected a value, found '.'`,
		"[+1]":                               `line 1, column 2: expected a value, found '+'`,
		"[-]":                                `line 1, column 3: expected a digit, found ']'`,
		"[1e+]":                              `line 1, column 5: expected a digit, found ']'`,
		"[NaN]":                              `line 1, column 2: expected a value, found 'N'`,
		`["\x"]`:                             `line 1, column 4: expected one of " \ / b f n r t u after the backslash, found 'x'`,
		`["\u12G4"]`:                         `line 1, column 7: expected four hexadecimal digits after \u, found 'G'`,
		`["\ud83d\u12"]`:                     `line 1, column 13: expected four hexadecimal digits after \u, found '"'`,
		"[\"a\nb\"]":                         `line 1, column 4: expected the string's closing quote, or a character of it (control characters are written \u00XX), found '\n'`,
		`["abc`:                              `line 1, column 6: expected the string's closing quote, or a character of it (control characters are written \u00XX), found the end of the text`,
		"[\"a\\":                             `line 1, column 5: expected one of " \ / b f n r t u after the backslash, found the end of the text`,
		"[\x00]":                             `line 1, column 2: expected a value, found '\u0000'`,
		"[]":                                 "must be an object (found an array)",
		"null":                               "must be an object (found null)",
		`"` + strings.Repeat("é", 30):        "line 1, column 32: expected the string's closing quote, or a character of it (control characters are written \\u00XX), found the end of the text",
		`"x` + strings.Repeat("é", 30) + `"`: `must be an object (found "x` + strings.Repeat("é", 19) + `…)`,
	} {
		_, err := Parse(text)
		if err == nil {
			t.Errorf("%.40q is accepted", text)
			continue
		}
		if problems := problemsOf(t, err); len(problems) != 1 || problems[0].Path != "" || problems[0].Reason != want {
			t.Errorf("%.40q\ngot  %v\nwant %v", text, problems, want)
		}
		if got := err.Error(); got != "service config: "+want {
			t.Errorf("%.40q: Error() is %q", text, got)
		}
	}
}

func nested(depth int, begin, inside, end string) string {
	return strings.Repeat(begin, depth) + inside + strings.Repeat(end, depth)
}

// TestDepth: a field that nobody knows may be nested too, as deep as the limit.
func TestDepth(t *testing.T) {
	for _, text := range []string{
		`{"x":` + nested(99, "[", "", "]") + `}`,
		nested(100, `{"x":`, "1", "}"),
		`{"x":[` + strings.Repeat("[],", 1000) + `[]]}`, // beside each other they are no deeper
	} {
		if _, err := Parse(text); err != nil {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

func TestStrings(t *testing.T) {
	for _, text := range []string{
		`""`, `"a"`, `"\"\\\/\b\f\n\r\t"`, `"\u0041\u00e9\u20AC"`, `"\ud83d\ude00"`, `"😀"`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\n"`, `"\ud83d\u0041"`,
		`"\ude00\ud83d"`, `"\ud83d\ud83d\ude00"`, "\"\xff\xc3(\xe2\x82\"", "\"\x80\"", `"\u0041 b"`, `"\u00ff\u00FF"`, "\"\x7f\u2028\"",
	} {
		var want string
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		r := reader{text: text}
		if v := r.document(); r.problem != nil || r.said(v.from) != want {
			t.Errorf("%s: got %q, %v, want %q", text, r.said(v.from), r.problem, want)
		}
	}
}

func TestFieldNames(t *testing.T) {
	for text, want := range map[string]int{
		`{"methodconfig": [{}]}`:                             1,
		`{"METHODCONFIG": [{}, {}]}`:                         2,
		`{"methodConfig": [{}], "MethodConfig": [{}, {}]}`:   1, // the exact one
		`{"MethodConfig": [{}, {}], "methodConfig": [{}]}`:   1,
		`{"methodConfig": [{}, {}], "methodConfig": [{}]}`:   1, // the last one
		`{"MethodConfig": [{}], "methodCONFIG": [{}, {}]}`:   2,
		`{"methodConfig": null, "MethodConfig": [{}, {}]}`:   0,
		`{"\u006dethodConfig": [{}]}`:                        1,
		`{"methodConfig ": [{}], "method": 1, "": {"a":[]}}`: 0,
		`{"methodConfiK": [{}]}`:                             0,
		`{}`:                                                 0,
		`{"methodConfig": [{"name": [{"service": "a", "x": 1}], "retryPolicy": null, "perAttemptRecvTimeout": 3}]}`: 1,
	} {
		if got := len(mustParse(t, text).Methods); got != want {
			t.Errorf("%s: %d entries, want %d", text, got, want)
		}
	}
}
