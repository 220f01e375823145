package wacloud_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

func benchMessages() map[string]wacloud.Message {
	image := wacloud.MediaLink("https://example.com/menu/a.jpg")
	row := wacloud.Row{ID: "item:1", Title: "Água", Description: "Tomate, mussarela e manjericão"}
	rows := make([]wacloud.Row, 10)
	for i := range rows {
		rows[i] = row
		rows[i].ID = "item:" + string(rune('0'+i))
	}
	cards := fieldCards(10)
	links := fieldCards(10)
	for i := range links {
		links[i] = wacloud.NewCard(&wacloud.HeaderImage{Media: image}, wacloud.Link{Text: "Ver cardápio", URL: "https://example.com/a?b=c#d"})
	}
	return map[string]wacloud.Message{
		"text": wacloud.Text{Body: "Olá! Veja https://example.com", PreviewURL: true},
		"buttons": wacloud.NewButtons("Como prefere receber o pedido?", fieldButton("delivery", "🛵 Entrega"),
			fieldButton("pickup", "🏠 Retirada"), fieldButton("cart:remove:3", "Remover item 3")).WithHeader(wacloud.HeaderText{Text: "Pedido"}),
		"pointer":       &wacloud.Buttons{Body: "Body", Buttons: []wacloud.Button{{ID: "1", Title: "One"}}},
		"list":          wacloud.NewList("O que vai ser?", wacloud.Menu{Button: "Ver cardápio", Sections: wacloud.Rows(rows...)}),
		"link":          fieldLink("Abrir", "https://example.com/pedido/7").WithHeader(wacloud.HeaderImage{Media: image}),
		"carousel":      wacloud.NewCarousel("Escolha", cards...),
		"link carousel": wacloud.NewCarousel("Escolha", links...),
		"image":         wacloud.Image{Media: image, Caption: "A praça"},
		"location":      wacloud.Location{Latitude: -23.5, Longitude: -46.6},
		"contacts":      wacloud.NewContacts(wacloud.Contact{Name: wacloud.ContactName{Formatted: "Ana Lima", First: "Ana"}, Birthday: "1990-01-31"}),
		"reaction":      wacloud.Reaction{MessageID: "wamid.1", Emoji: "👩‍👩‍👧"},
		"products":      wacloud.ProductList{Header: "H", Body: "B", CatalogID: "1", Sections: []wacloud.ProductSection{{RetailerIDs: []string{"a", "b"}}}},
		"flow":          wacloud.Flow{Body: "B", ID: "1", CTA: "Open", Data: []byte(`{"a":1}`)},
	}
}

// A message without problems costs no allocation, so nobody has a reason to skip the check.
func TestCheckOfValidMessagesDoesNotAllocate(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates by itself")
	}
	to := wacloud.Phone("+5511999999999")
	for name, m := range benchMessages() {
		o := wacloud.Outgoing{To: to, Message: m, CallbackData: "order:7"}
		require.Empty(t, o.Check(), name)
		require.Zero(t, testing.AllocsPerRun(200, func() { _ = o.Check() }), "Outgoing.Check of %s", name)
		require.Zero(t, testing.AllocsPerRun(200, func() { _ = wacloud.Check(m) }), "Check of %s", name)
		require.Zero(t, testing.AllocsPerRun(200, func() { _ = m.Validate() }), "Validate of %s", name)
	}
}

func BenchmarkCheck(b *testing.B) {
	for name, m := range benchMessages() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if wacloud.Check(m) != nil {
					b.Fatal("a problem")
				}
			}
		})
	}
}
