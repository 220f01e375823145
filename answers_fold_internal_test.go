package wacloud

import (
	"fmt"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"case", "PickUp", "pickup"},
		{"accents composed", "Opção É", "opcao e"},
		{"accents decomposed", "Opc\u0327a\u0303o E\u0301", "opcao e"},
		{"half composed", "\u00ea\u0301", "e"},
		{"Vietnamese", "Phở Đặc Biệt", "pho dac biet"},
		{"ligatures", "Straße Œuvre Æ", "strasse oeuvre ae"},
		{"full width", "２", "2"},
		{"full width letters", "Ｏｋ！", "ok"},
		{"around", " «(2).» ", "2"},
		{"markdown", "*~_Sim_~*", "sim"},
		{"inner punctuation stays", "R$ 10,00", "r$ 10,00"},
		{"percent stays", "50%", "50%"},
		{"plus stays", "+2", "+2"},
		{"inner space", "Ver \t\u00a0carrinho", "ver carrinho"},
		{"emoji in front", "🛒 Ver carrinho", "ver carrinho"},
		{"emoji with selector", "❤️ Sim", "sim"},
		{"family", "👨‍👩‍👧 Família", "familia"},
		{"skin tone", "👍🏽 Ok", "ok"},
		{"flag", "🇧🇷 Brasil", "brasil"},
		{"keycap", "2️⃣", "2"},
		{"emoji only", " ❤️ ", "❤"},
		{"Cyrillic is not Latin", "Йод", "йод"},
		{"sigmas", "ΟΔΟΣ", "οδοσ"},
		{"final sigma", "οδος", "οδοσ"},
		{"Hindi keeps its vowels", "हिंदी", "हिंदी"},
		{"nothing", " … ", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, fold(tt.in))
		})
	}
}

func TestMatchChoice(t *testing.T) {
	t.Parallel()
	numbered := []Choice{
		{ID: "a", Title: "Pickup", Label: "Pickup", Number: 1}, {ID: "b", Title: "Delivery", Label: "Delivery", Number: 2},
	}
	cards := []Choice{
		{ID: "x", Title: "Ver", Label: "Bella Napoli"}, {ID: "y", Title: "Ver", Label: "Sushi"}, {ID: "z", Title: "Sair", Label: "Sair"},
	}
	sizes := []Choice{{ID: "two", Title: "2", Number: 1}, {ID: "four", Title: "4", Number: 2}}
	for _, tt := range []struct {
		name    string
		choices []Choice
		text    string
		want    string
	}{
		{"number", numbered, "2", "b"},
		{"number with a dot", numbered, " ２. ", "b"},
		{"number too high", numbered, "3", ""},
		{"zero", numbered, "0", ""},
		{"leading zero", numbered, "02", ""},
		{"title", numbered, "DELIVERY!", "b"},
		{"part of a title", numbered, "deliver", ""},
		{"title in a sentence", numbered, "delivery please", ""},
		{"number in a sentence", numbered, "2 pizzas", ""},
		{"no number was printed", cards, "2", ""},
		{"equal titles", cards, "Ver", ""},
		{"label of one", cards, "bella napoli", "x"},
		{"title of one", cards, "sair", "z"},
		{"number and title of two", sizes, "2", ""},
		{"title that is another's number", []Choice{{ID: "one", Title: "1", Number: 1}}, "1", "one"},
		{"empty", numbered, "", ""},
		{"punctuation", numbered, "?!", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := matchChoice(tt.choices, tt.text)
			require.Equal(t, tt.want, got.ID)
			require.Equal(t, tt.want != "", ok)
		})
	}
}

// A number that is printed is nobody else's title, so that each choice can be typed.
func TestNumbersAreNoTitles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		titles []string
		want   []int
	}{
		{"names", []string{"Pickup", "Delivery"}, []int{1, 2}},
		{"their own", []string{"1", "2", "3"}, []int{1, 2, 3}},
		{"the next one's", []string{"2", "3", "4"}, []int{1, 3, 4}},
		{"in any form", []string{"３.", "Two", "*1*"}, []int{2, 4, 5}},
		{"of two", []string{"1", "1"}, []int{2, 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var cards []Card
			for i, title := range tt.titles {
				reply := Button{ID: strconv.Itoa(i), Title: title}
				cards = append(cards, NewCard(HeaderImage{MediaLink("https://example.com/a.jpg")}, QuickReplies{reply}))
			}
			rungs := Degrade(Carousel{Body: "How many?", Cards: cards})
			text := rungs[len(rungs)-1]
			var numbers []int
			for _, c := range text.Choices {
				numbers = append(numbers, c.Number)
				found, ok := matchChoice(text.Choices, strconv.Itoa(c.Number))
				require.True(t, ok)
				require.Equal(t, c.ID, found.ID)
			}
			require.Equal(t, tt.want, numbers)
			require.Contains(t, text.Messages[0].(Text).Body, fmt.Sprintf("\n\n%d. %s", tt.want[0], tt.titles[0]))
		})
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"", "2️⃣", "Opc\u0327a\u0303o", "👨‍👩‍👧", "\xff", "ＺＺ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		folded := fold(s)
		require.Equal(t, folded, fold(folded), "folding twice")
		if utf8.ValidString(s) {
			require.True(t, utf8.ValidString(folded))
		}
	})
}
