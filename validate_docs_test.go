package wacloud

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// statedRule is a line of testdata/rules.tsv: a rule of Meta's in our words, and what holds it.
type statedRule struct {
	section, text string
	heldBy        []string
	note          string
}

func readStatedRules(t *testing.T) []statedRule {
	t.Helper()
	file, err := os.ReadFile("testdata/rules.tsv")
	require.NoError(t, err)
	var rules []statedRule
	for i, line := range strings.Split(strings.TrimSuffix(string(file), "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		require.Len(t, f, 4, "line %d", i+1)
		rules = append(rules, statedRule{f[0], f[1], strings.Split(f[2], ","), f[3]})
	}
	return rules
}

func tableNames() []string {
	names := make([]string, 0, len(limits))
	for _, l := range limits {
		names = append(names, l.name)
	}
	return names
}

func TestLimitsTableIsComplete(t *testing.T) {
	t.Parallel()
	names := tableNames()
	for i, l := range limits {
		require.NotEmpty(t, l.name, "row %d", i)
		require.NotEmpty(t, l.what, l.name)
		require.NotEmpty(t, l.hint, l.name)
		require.NotEmpty(t, l.from.page, l.name)
		require.Regexp(t, `^20\d\d(-\d\d)?$`, l.from.date, l.name)
		require.Equal(t, l.unit == noUnit, l.rule != "", "%s has either a number or words", l.name)
		require.Equal(t, l.unit == things, l.noun != "", "%s counts something", l.name)
		require.LessOrEqual(t, l.min, l.max, l.name)
	}
	slices.Sort(names)
	require.Len(t, slices.Compact(names), len(limits), "names are unique")
}

// Every rule that Meta states is a row, cannot be written, or says why it is not checked; every row stands for a rule.
func TestEveryRuleOfMetaIsHeld(t *testing.T) {
	t.Parallel()
	names := tableNames()
	used := map[string]bool{}
	sections := map[string]bool{}
	for _, r := range readStatedRules(t) {
		sections[r.section] = true
		for _, by := range r.heldBy {
			switch by {
			case "-":
				require.NotEmpty(t, r.note, "%s: why is it not checked?", r.text)
				require.Len(t, r.heldBy, 1, r.text)
			case "type", "encode":
			default:
				require.Contains(t, names, by, r.text)
				used[by] = true
			}
		}
	}
	for _, name := range names {
		require.True(t, used[name], "no rule for the row %s", name)
	}
	for _, section := range []string{"A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "A11"} {
		require.True(t, sections[section], section)
	}
}

// docs/limits.md is the table in prose: change the table, run with WACLOUD_UPDATE=1, and read the difference.
func TestLimitsPageIsTheTable(t *testing.T) {
	t.Parallel()
	want := limitsPage(readStatedRules(t))
	if os.Getenv("WACLOUD_UPDATE") != "" {
		require.NoError(t, os.WriteFile("docs/limits.md", []byte(want), 0o600))
	}
	got, err := os.ReadFile("docs/limits.md")
	require.NoError(t, err)
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/limits.md (-want +got):\n%s", diff)
	}
}

func limitsPage(rules []statedRule) string {
	var b strings.Builder
	b.WriteString(limitsIntro)
	for _, l := range limits {
		severity, stated := "error", "stated"
		if l.severity == SeverityWarning {
			severity = "warning"
		}
		if l.inferred {
			stated = "inferred"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s, %s |\n", l.name, l.what, l.inWords(), severity, stated, l.from.page, l.from.date)
	}
	b.WriteString(limitsHeldElsewhere)
	writeRules(&b, rules, func(r statedRule) bool { return r.heldBy[0] == "type" || r.heldBy[0] == "encode" })
	b.WriteString(limitsNotChecked)
	writeRules(&b, rules, func(r statedRule) bool { return r.heldBy[0] == "-" })
	return b.String()
}

func writeRules(b *strings.Builder, rules []statedRule, keep func(statedRule) bool) {
	for _, r := range rules {
		if keep(r) {
			fmt.Fprintf(b, "| %s | %s |\n", r.text, r.note)
		}
	}
}

// inWords is the limit of a row for a reader of the page.
func (l *limit) inWords() string {
	unit := map[unit]string{characters: "characters", utf8Bytes: "bytes of UTF-8", lineBreaks: "line breaks", things: l.noun}[l.unit]
	switch {
	case l.unit == noUnit:
		return l.rule
	case l.max == unlimited && l.min == 0:
		return "any number of " + unit
	case l.max == unlimited:
		return "at least " + strconv.Itoa(l.min) + " " + unit
	case l.min == 0:
		return "at most " + strconv.Itoa(l.max) + " " + unit
	}
	return strconv.Itoa(l.min) + " to " + strconv.Itoa(l.max) + " " + unit
}

const limitsIntro = `# Limits

What is checked before a message is sent. The names are those of ` + "`Problem.Rule`" + `; the numbers are the ones that the
code uses, a test compares this page with the table in ` + "`validate.go`" + `.

A *character* is a Unicode code point: Meta never says what it counts, and this is what the evidence points to. The label
of a link on a carousel card is the exception, it is counted in bytes of UTF-8. A text that fits in code points and not in
UTF-16 units is a warning. None of this could be checked against the live API. *Stated* rules stand on the page that is
named, by the end of its address, read in the month that is given; *inferred* ones are our reading.

An error keeps a message from being sent, a warning does not. ` + "`SkipValidation()`" + ` and ` + "`Raw`" + ` send what this page refuses.

| rule | what | limit | severity | | source |
|---|---|---|---|---|---|
`

const limitsHeldElsewhere = `
## Held by the types and the encoder

Nothing has to be checked where there is no way to write it, or where it is always written so.

| rule | how |
|---|---|
`

const limitsNotChecked = `
## Not checked, and why

| rule | why |
|---|---|
`
