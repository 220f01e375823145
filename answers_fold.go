package wacloud

import (
	"strconv"
	"strings"
	"unicode"
)

// matchChoice finds the one choice that text names: by the number in front of it, or by its title, or by the label that it
// had.
func matchChoice(choices []Choice, text string) (Choice, bool) {
	want := fold(text)
	found := -1
	for i, c := range choices {
		if c.ID == "" || want == "" || !c.isNamed(want) {
			continue
		}
		if found >= 0 {
			return Choice{}, false
		}
		found = i
	}
	if found < 0 {
		return Choice{}, false
	}
	return choices[found], true
}

// isNamed reports whether a folded text names the choice.
func (c Choice) isNamed(want string) bool {
	return c.Number > 0 && want == strconv.Itoa(c.Number) || want == fold(c.Title) || c.Label != "" && want == fold(c.Label)
}

// fold is what is left of s when it does not matter how it was typed: lower case without Latin accents, composed or not,
// full-width forms as ASCII, without emoji and variation selectors, without space and punctuation around it. What is emoji
// only keeps them.
func fold(s string) string {
	if folded := foldRunes(s, true); folded != "" {
		return folded
	}
	return foldRunes(s, false)
}

func foldRunes(s string, dropEmoji bool) string {
	var b strings.Builder
	last := ' ' // the last character written
	for _, r := range s {
		r = foldRune(r)
		switch {
		case isInvisible(r), isAccent(r) && 'a' <= last && last <= 'z':
			continue
		case dropEmoji && (isEmoji(r) || isRegional(r) || isExtender(r) && !unicode.In(r, unicode.Mn)):
			r = ' '
		}
		if unicode.IsSpace(r) {
			if last == ' ' {
				continue
			}
			r = ' '
		}
		b.WriteString(spelled(r))
		last = r
	}
	return strings.TrimFunc(b.String(), isAround)
}

// foldRune is r in lower case without an accent, and in ASCII where it is a full-width form.
func foldRune(r rune) rune {
	if 0xff01 <= r && r <= 0xff5e {
		r -= 0xfee0
	}
	r = unicode.ToLower(unicode.ToUpper(r)) // both, for the two small sigmas
	if r < 0xc0 {
		return r
	}
	for _, letters := range accented {
		if strings.ContainsRune(letters, r) {
			return rune(letters[0])
		}
	}
	return r
}

// spelled is r as it is written without its sign.
func spelled(r rune) string {
	switch r {
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	default:
		return string(r)
	}
}

// isInvisible reports whether r is a variation selector, a joiner or a mark of direction.
func isInvisible(r rune) bool {
	switch {
	case 0xfe00 <= r && r <= 0xfe0f, 0xe0000 <= r && r <= 0xe01ef, 0x200b <= r && r <= 0x200f, 0x202a <= r && r <= 0x202e,
		0x2060 <= r && r <= 0x2064, 0x2066 <= r && r <= 0x2069, r == 0xad, r == 0xfeff, r == 0x20e3:
		return true
	}
	return false
}

func isAccent(r rune) bool { return 0x300 <= r && r <= 0x36f }

// isAround reports whether r does not matter at the ends of an answer. A percent sign does.
func isAround(r rune) bool {
	return unicode.IsSpace(r) || r == '~' || r == '`' || r != '%' && unicode.IsPunct(r)
}

// accented are the small letters that Unicode takes apart into an ASCII letter and marks, and those with a stroke, behind
// that letter.
var accented = [...]string{
	"aàáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ",
	"bḃḅḇ",
	"cçćĉċčḉ",
	"dďḋḍḏḑḓđ",
	"eèéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ",
	"fḟ",
	"gĝğġģǧǵḡ",
	"hĥȟḣḥḧḩḫẖħ",
	"iìíîïĩīĭįǐȉȋḭḯỉịı",
	"jĵǰ",
	"kķǩḱḳḵ",
	"lĺļľḷḹḻḽł",
	"mḿṁṃ",
	"nñńņňǹṅṇṉṋ",
	"oòóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợø",
	"pṕṗ",
	"rŕŗřȑȓṙṛṝṟ",
	"sśŝşšșṡṣṥṧṩ",
	"tţťțṫṭṯṱẗŧ",
	"uùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự",
	"vṽṿ",
	"wŵẁẃẅẇẉẘ",
	"xẋẍ",
	"yýÿŷȳẏẙỳỵỷỹ",
	"zźżžẑẓẕ",
}
