package wacloud_test

import (
	"fmt"

	"github.com/wacloud/wacloud"
)

func ExampleDegrade() {
	menu := wacloud.NewButtons("Como prefere receber o pedido?",
		wacloud.Button{ID: "delivery", Title: "🛵 Entrega"},
		wacloud.Button{ID: "pickup", Title: "🏠 Retirada"},
	)
	for _, rung := range wacloud.WordingPortuguese().Degrade(menu) {
		fmt.Println(rung.Why)
		for _, m := range rung.Messages {
			if text, ok := m.(wacloud.Text); ok {
				fmt.Println(text.Body)
			}
		}
	}
	// Output:
	// the choices as a menu
	// the choices as text
	// Como prefere receber o pedido?
	//
	// 1. 🛵 Entrega
	// 2. 🏠 Retirada
	//
	// Responda com o número ou o nome da opção.
}
