package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// UUID names a restaurant, a category, an item or an order. It is what the routes carry: a type that marshals itself to
// text is all that wacloud.NewRoute asks for.
type UUID [16]byte

// MarshalText writes the usual form, 8-4-4-4-12 hex digits.
func (u UUID) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]), nil
}

// UnmarshalText reads the usual form and nothing else.
func (u *UUID) UnmarshalText(text []byte) error {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return fmt.Errorf("not a UUID: %d characters", len(text))
	}
	digits := string(text[:8]) + string(text[9:13]) + string(text[14:18]) + string(text[19:23]) + string(text[24:])
	if _, err := hex.Decode(u[:], []byte(digits)); err != nil {
		return fmt.Errorf("not a UUID: %w", err)
	}
	return nil
}

func (u UUID) String() string {
	text, _ := u.MarshalText() // never fails
	return string(text)
}

// newUUID returns a random UUID (version 4).
func newUUID() UUID {
	var u UUID
	_, _ = rand.Read(u[:]) // never fails
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return u
}

func mustUUID(s string) UUID {
	var u UUID
	if err := u.UnmarshalText([]byte(s)); err != nil {
		panic(err)
	}
	return u
}

type item struct {
	ID          UUID
	Name        string
	Description string
	Cents       int
}

type category struct {
	ID    UUID
	Name  string
	Items []item
}

type restaurant struct {
	ID         UUID
	Name       string
	About      string
	Picture    dish
	Categories []category
}

// restaurants is the whole menu. A real bot would read it from its database; the ids on the buttons stay valid as long as
// the rows do.
var restaurants = []restaurant{
	{
		ID: mustUUID("7b0f7c52-6d5b-4c1e-9a51-0c6f4b6a1d01"), Name: "Cantina da Praça", Picture: pizza,
		About: "*Cantina da Praça*\nPizzas no forno a lenha · 30–40 min",
		Categories: []category{
			{ID: mustUUID("7b0f7c52-6d5b-4c1e-9a51-0c6f4b6a1d10"), Name: "Pizzas", Items: []item{
				{mustUUID("7b0f7c52-6d5b-4c1e-9a51-0c6f4b6a1d11"), "Margherita", "Tomate, muçarela e manjericão", 4990},
				{mustUUID("7b0f7c52-6d5b-4c1e-9a51-0c6f4b6a1d12"), "Calabresa", "Calabresa, cebola e azeitona", 5290},
				{mustUUID("7b0f7c52-6d5b-4c1e-9a51-0c6f4b6a1d13"), "Quatro queijos", "Muçarela, gorgonzola, provolone e catupiry", 5690},
			}},
			{ID: mustUUID("7b0f7c52-6d5b-4c1e-9a51-0c6f4b6a1d20"), Name: "Bebidas", Items: []item{
				{mustUUID("7b0f7c52-6d5b-4c1e-9a51-0c6f4b6a1d21"), "Guaraná", "Lata de 350 ml", 690},
				{mustUUID("7b0f7c52-6d5b-4c1e-9a51-0c6f4b6a1d22"), "Suco de laranja", "Natural, 400 ml", 1190},
			}},
		},
	},
	{
		ID: mustUUID("7b0f7c52-6d5b-4c1e-9a51-0c6f4b6a1d02"), Name: "Peixe & Arroz", Picture: sushi,
		About: "*Peixe & Arroz*\nSushi e temaki · 40–50 min",
		Categories: []category{
			{ID: mustUUID("7b0f7c52-6d5b-4c1e-9a51-0c6f4b6a1d30"), Name: "Combinados", Items: []item{
				{mustUUID("7b0f7c52-6d5b-4c1e-9a51-0c6f4b6a1d31"), "Combinado 16 peças", "Salmão e atum", 6490},
				{mustUUID("7b0f7c52-6d5b-4c1e-9a51-0c6f4b6a1d32"), "Temaki de salmão", "Com cream cheese", 3290},
			}},
		},
	},
	{
		ID: mustUUID("7b0f7c52-6d5b-4c1e-9a51-0c6f4b6a1d03"), Name: "Verde Vivo", Picture: salad,
		About: "*Verde Vivo*\nSaladas e sucos · 20–30 min",
		Categories: []category{
			{ID: mustUUID("7b0f7c52-6d5b-4c1e-9a51-0c6f4b6a1d40"), Name: "Saladas", Items: []item{
				{mustUUID("7b0f7c52-6d5b-4c1e-9a51-0c6f4b6a1d41"), "Salada da casa", "Folhas, tomate, palmito e nozes", 2990},
				{mustUUID("7b0f7c52-6d5b-4c1e-9a51-0c6f4b6a1d42"), "Caesar", "Frango grelhado e parmesão", 3490},
			}},
		},
	},
}

func findRestaurant(id UUID) (restaurant, bool) {
	for _, r := range restaurants {
		if r.ID == id {
			return r, true
		}
	}
	return restaurant{}, false
}

func findCategory(id UUID) (category, bool) {
	for _, r := range restaurants {
		for _, c := range r.Categories {
			if c.ID == id {
				return c, true
			}
		}
	}
	return category{}, false
}

func findItem(id UUID) (item, bool) {
	for _, r := range restaurants {
		for _, c := range r.Categories {
			for _, it := range c.Items {
				if it.ID == id {
					return it, true
				}
			}
		}
	}
	return item{}, false
}

// price writes cents as "R$ 49,90".
func price(cents int) string { return fmt.Sprintf("R$ %d,%02d", cents/100, cents%100) }
