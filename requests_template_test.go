package wacloud_test

import (
	"encoding/json"
	"time"

	"github.com/wacloud/wacloud"
)

var (
	uploaded     = wacloud.HeaderImage{Media: wacloud.MediaID("900000000000010")}
	offerEnds    = time.UnixMilli(1790000000123)
	orderShipped = wacloud.OrderUpdate{ReferenceID: "ord-42-1", Status: "shipped"}
)

// templateRequests are requests of templates, payments, pins, direct sends and marketing messages.
var templateRequests = map[string]wacloud.Outgoing{
	"template_minimal":    {Message: wacloud.NewTemplate("hello_world", "en_US")},
	"template_texts":      {Message: wacloud.NewTemplate("order_ready", "pt_BR").WithTexts("Ada <3", "42")},
	"template_named":      {Message: wacloud.NewTemplate("order_ready", "pt_BR").WithHeader(wacloud.TextParameter{Name: "title", Text: "Oi"}).WithBody(wacloud.TextParameter{Name: "first_name", Text: "Ada"})},
	"template_parameters": {Message: wacloud.NewTemplate("invoice", "en").WithBody(wacloud.TextParameter{Text: "Ada"}, wacloud.CurrencyParameter{Fallback: "$10.99", Code: "USD", Amount1000: 10990}, wacloud.DateTimeParameter{Fallback: "January 31"})},
	"template_image":      {Message: wacloud.NewTemplate("a", "en").WithHeader(uploaded)},
	"template_video":      {Message: wacloud.NewTemplate("a", "en").WithHeader(&clipHeader)},
	"template_document":   {Message: wacloud.NewTemplate("a", "en").WithHeader(wacloud.HeaderDocument{Media: wacloud.MediaID("1"), Filename: "a.pdf"})},
	"template_location":   {Message: wacloud.NewTemplate("a", "en").WithHeader(wacloud.Location{Latitude: -23.5, Longitude: 1e-7, Name: "Sé", Address: "Praça da Sé"})},
	"template_product":    {Message: wacloud.NewTemplate("a", "en").WithHeader(wacloud.HeaderProduct{RetailerID: "sku-1", CatalogID: "7"})},
	"template_otp":        {Message: wacloud.NewTemplate("login_code", "en_US").WithOTP("123456")},
	"template_buttons": {Message: wacloud.NewTemplate("a", "en").WithButtons(
		wacloud.QuickReplyPayload("yes"), nil, new(wacloud.QuickReplyPayload("no")), wacloud.URLSuffix("u/1"), wacloud.CouponCode("SAVE25"),
		wacloud.FlowButton{Token: "tok", Data: json.RawMessage(` {"a":"<1>"} `)}, wacloud.FlowButton{}, wacloud.CallButton{TTLMinutes: 60, Payload: "p"},
		wacloud.CatalogButton{}, new(wacloud.CatalogButton{ThumbnailRetailerID: "sku-1"}))},
	"template_call": {Message: wacloud.NewTemplate("a", "en").WithButtons(wacloud.CallButton{})},
	"template_products": {Message: wacloud.NewTemplate("a", "en").WithButtons(wacloud.ProductsButton{
		ThumbnailRetailerID: "sku-1", Sections: []wacloud.ProductSection{{Title: "Popular", RetailerIDs: []string{"sku-1", "sku-2"}}, {RetailerIDs: []string{"sku-3"}}},
	})},
	"template_offer":        {Message: wacloud.NewTemplate("a", "en").WithOffer(offerEnds).WithButtons(wacloud.CouponCode("SAVE25"), wacloud.URLSuffix("u1"))},
	"template_order_status": {Message: wacloud.NewTemplate("a", "en").WithOrderStatus(orderShipped)},
	"template_cards": {Message: wacloud.NewTemplate("rooms", "en").WithTexts("Ada").WithCards(
		wacloud.NewTemplateCard(uploaded, wacloud.QuickReplyPayload("room:1"), wacloud.URLSuffix("1")).WithTexts("Room 1"),
		wacloud.NewTemplateCard(uploaded, wacloud.QuickReplyPayload("room:2"), wacloud.URLSuffix("2")).WithBody(wacloud.TextParameter{Text: "Room 2"}))},
	"template_tap_target":    {Message: wacloud.NewTemplate("a", "en").WithTapTargets(wacloud.TapTarget{URL: "https://example.com/?a=1&b=2", Title: "Offer details"})},
	"template_order_details": {Message: wacloud.NewTemplate("a", "en").WithButtons(wacloud.OrderDetailsButton{Payment: brazilPayment})},
	"template_nothing":       {Message: wacloud.Template{Name: "a", Language: "en", Header: (*wacloud.HeaderImage)(nil), Body: []wacloud.TemplateParameter{nil}, Buttons: []wacloud.TemplateButton{nil}}},

	"order_details_india":  {Message: wacloud.NewOrderDetails("Your invoice", indiaPayment).WithFooter("Thanks")},
	"order_details_brazil": {Message: wacloud.NewOrderDetails("Seu pedido", brazilPayment).WithImage(wacloud.MediaLink("https://cdn.example.com/cake.jpg"))},
	"order_status_minimal": {Message: wacloud.NewOrderStatus("On its way", orderShipped)},
	"order_status_full": {Message: wacloud.NewOrderStatus("On its way", wacloud.OrderUpdate{
		ReferenceID: "ord-42-1", Status: "shipped", Description: "By bike", PaymentStatus: "captured", PaymentTime: time.Unix(1790000000, 5),
	}).WithHeader(wacloud.HeaderText{Text: "Order"}).WithFooter("Thanks")},
	"pin":           {To: wacloud.GroupID("grp_0001"), Message: wacloud.Pin{MessageID: "wamid.1", Days: 7}},
	"unpin":         {To: wacloud.GroupID("grp_0001"), Message: wacloud.Unpin{MessageID: "wamid.1"}},
	"mixed_buttons": {Message: wacloud.NewMixedButtons("Today", wacloud.Link{Text: "Track", URL: "https://t.example.com/42"}).WithHeader(pictureHeader).WithFooter("Bye").WithButtons(wacloud.Button{ID: "later", Title: "Later"}), DirectSend: &wacloud.DirectSend{Category: "utility", TTLSeconds: 3600, TemplateName: "t"}},

	"direct_send_minimal": {Message: wacloud.NewText("hi"), DirectSend: &wacloud.DirectSend{Category: "service"}},
	"marketing_default":   {Message: wacloud.NewTemplate("promo", "en"), Marketing: &wacloud.Marketing{}},
	"marketing_strict":    {Message: wacloud.NewTemplate("promo", "en"), Marketing: &wacloud.Marketing{ProductPolicy: "STRICT", ActivitySharing: new(false)}},
}

var brazilPayment = wacloud.Payment{
	ReferenceID: "ord-42-1", Goods: "physical-goods", Currency: wacloud.CurrencyBrazil,
	Settings: []wacloud.PaymentSetting{
		wacloud.PixCode{Code: "000201EXAMPLE", MerchantName: "Example Ltda", Key: "00000000000191", KeyType: "CNPJ"},
		wacloud.Boleto{DigitableLine: "00190000090"},
		wacloud.OffsiteCard{LastFour: "1234", CredentialID: "cred-1"},
		&wacloud.PaymentLink{URI: "https://pay.example.com/1"}, nil,
	},
	Order: wacloud.Order{
		Items:    []wacloud.OrderLine{{RetailerID: "sku-1", Name: "Cake", Amount: 5000, Quantity: 1, SaleAmount: 4500, ImageLink: "https://cdn.example.com/cake.jpg"}},
		Subtotal: wacloud.Charge{Amount: 4500}, Shipping: wacloud.Charge{Amount: 500, Description: "By bike"},
		Discount: wacloud.Discount{Amount: 100, Description: "10 off", ProgramName: "Club"},
	},
}

var indiaPayment = wacloud.Payment{
	ReferenceID: "inv_42", Goods: "physical-goods", Type: "upi", Currency: wacloud.CurrencyIndia,
	Settings: []wacloud.PaymentSetting{
		wacloud.Razorpay{Configuration: "rp", Receipt: "r-42", Notes: map[string]string{"k": "v"}},
		wacloud.Razorpay{Configuration: "rp"},
		wacloud.PayU{Configuration: "pu", UDF: [4]string{"a", 3: "d"}},
		wacloud.Zaakpay{Configuration: "zp", Extra: [2]string{1: "b"}},
		wacloud.BillDesk{Configuration: "bd", AdditionalInfo: [7]string{6: "g"}},
		wacloud.BillDesk{Configuration: "bd"},
		wacloud.UPIIntent{Link: "upi://pay?pa=a&am=1"},
	},
	Beneficiaries: []wacloud.Beneficiary{{Name: "Asha", Line1: "1 Example Road", Line2: "Floor 2", City: "Bengaluru", State: "Karnataka", Country: "India", PostalCode: "560001"}},
	Order: wacloud.Order{
		Items: []wacloud.OrderLine{{
			RetailerID: "sku-1", Name: "Lamp", Amount: 10000, Quantity: 2, CountryOfOrigin: "Germany", ImporterName: "Imports",
			ImporterAddress: wacloud.ImporterAddress{Line1: "1 Road", Line2: "b", City: "Pune", ZoneCode: "MH", PostalCode: "411001", CountryCode: "IN"},
		}},
		Subtotal: wacloud.Charge{Amount: 20000}, Tax: wacloud.Charge{Amount: 500, Description: "GST"},
		Expires: time.Unix(1790000000, 0), ExpiresNote: "Expires soon", CatalogID: "7",
	},
}
