package wacloud_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/wacloud/wacloud"
)

// exampleGraph stands in for graph.facebook.com: it answers every call with body.
func exampleGraph(status int, body string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
}

func ExampleClient_Send() {
	graph := exampleGraph(http.StatusOK, `{"messaging_product":"whatsapp",
		"contacts":[{"input":"+5511999999999","wa_id":"5511999999999"}],"messages":[{"id":"wamid.A1"}]}`)
	defer graph.Close()

	client, err := wacloud.NewClient("100000000000001", wacloud.NewSecret("token"), wacloud.WithBaseURL(graph.URL))
	if err != nil {
		log.Fatal(err)
	}
	sent, err := client.Send(context.Background(), wacloud.Phone("+55 11 99999-9999"),
		wacloud.NewButtons("Como prefere receber o pedido?",
			wacloud.Button{ID: "delivery", Title: "🛵 Entrega"},
			wacloud.Button{ID: "pickup", Title: "🏠 Retirada"},
		).WithFooter("Pizzaria Bella"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sent.MessageID)
	// Output: wamid.A1
}

// What to do next is a question for errors.Is; what exactly happened is in the error itself.
func ExampleClient_Send_errors() {
	graph := exampleGraph(http.StatusBadRequest, `{"error":{"message":"(#131047) Re-engagement message",
		"type":"OAuthException","code":131047,"fbtrace_id":"Az8or2yhqkZfEZ"}}`)
	defer graph.Close()

	client, err := wacloud.NewClient("100000000000001", wacloud.NewSecret("token"), wacloud.WithBaseURL(graph.URL))
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Send(context.Background(), wacloud.Phone("+55 11 99999-9999"), wacloud.NewText("Olá!"))

	if unclear, ok := errors.AsType[*wacloud.AmbiguousSendError](err); ok {
		fmt.Println("the user may have it: do not send again", unclear)
	}
	switch {
	case err == nil:
		fmt.Println("accepted")
	case errors.Is(err, wacloud.ErrWindowClosed):
		fmt.Println("more than 24 hours since the user wrote: send a template")
	case errors.Is(err, wacloud.ErrInvalid):
		fmt.Println("mend the message:", err)
	case wacloud.SafeToRetry(err):
		fmt.Println("try again later:", err)
	}
	if api, ok := errors.AsType[*wacloud.APIError](err); ok {
		fmt.Println(api.Code, api.TraceID)
	}
	// Output:
	// more than 24 hours since the user wrote: send a template
	// 131047 Az8or2yhqkZfEZ
}

// All problems of a message come at once, each with its place in the request.
func ExampleCheck() {
	m := wacloud.NewButtons("Deseja confirmar o pedido?",
		wacloud.Button{ID: "confirm:yes", Title: "Sim, quero confirmar agora"},
		wacloud.Button{ID: "confirm:yes", Title: "Não"},
	)
	for _, p := range wacloud.Check(m) {
		fmt.Printf("%s: %s, %s\n", p.Path, p.Got, p.Limit)
	}
	// Output:
	// interactive.action.buttons[0].reply.title: 26 characters, at most 20 characters
	// interactive.action.buttons[1].reply.id: used before in this message, unique in the message
}

func ExampleNewList() {
	m := wacloud.NewList("O que vai ser hoje?", wacloud.Menu{Button: "Ver cardápio", Sections: []wacloud.Section{
		{Title: "Pizzas", Rows: []wacloud.Row{
			{ID: "item:margherita", Title: "Margherita", Description: "Tomate, mussarela e manjericão"},
			{ID: "item:calabresa", Title: "Calabresa"},
		}},
		{Title: "Bebidas", Rows: []wacloud.Row{
			{ID: "item:guarana", Title: "Guaraná", Description: "Lata 350 ml"},
		}},
	}}).WithFooter("Pizzaria Bella")
	fmt.Println(m.Validate())
	// Output: <nil>
}

// The ids are unique over all cards, because nothing else in the webhook tells which card was tapped.
func ExampleNewCarousel() {
	m := wacloud.NewCarousel("As mais pedidas",
		wacloud.NewCard(wacloud.HeaderImage{Media: wacloud.MediaLink("https://bella.example/margherita.jpg")},
			wacloud.QuickReplies{{ID: "item:margherita", Title: "Quero esta"}}).WithBody("Margherita, R$ 42"),
		wacloud.NewCard(wacloud.HeaderImage{Media: wacloud.MediaLink("https://bella.example/calabresa.jpg")},
			wacloud.QuickReplies{{ID: "item:calabresa", Title: "Quero esta"}}).WithBody("Calabresa, R$ 39"),
	)
	fmt.Println(m.Validate())
	// Output: <nil>
}

func ExampleEncodeMessage() {
	body, err := wacloud.EncodeMessage(wacloud.Outgoing{
		To:      wacloud.Phone("+55 11 99999-9999"),
		Message: wacloud.NewCTAURL("Acompanhe seu pedido", wacloud.Link{Text: "Abrir", URL: "https://bella.example/42"}),
	})
	if err != nil {
		log.Fatal(err)
	}
	o, err := wacloud.DecodeMessage(body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(o.Message.(wacloud.CTAURL).Link.URL)
	// Output: https://bella.example/42
}

func ExampleSecret() {
	token := wacloud.NewSecret("EAAB…")
	fmt.Println("token:", token)
	fmt.Printf("%+v\n", struct{ Token wacloud.Secret }{token})
	// Output:
	// token: [redacted]
	// {Token:[redacted]}
}
