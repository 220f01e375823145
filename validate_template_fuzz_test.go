package wacloud_test

import (
	"encoding/json"
	"time"

	"github.com/wacloud/wacloud"
)

// endpoint sometimes makes a direct send or a marketing message of o.
func (s *messageSource) endpoint(o *wacloud.Outgoing) {
	switch s.byte() % 4 {
	case 1:
		o.DirectSend = &wacloud.DirectSend{Category: s.text(), TTLSeconds: int(s.byte()) - 1, TemplateName: s.text()}
	case 2:
		o.Marketing = &wacloud.Marketing{ProductPolicy: s.text()}
	case 3:
		o.Marketing = &wacloud.Marketing{ActivitySharing: new(s.byte() > 127)}
	}
}

func (s *messageSource) moment() time.Time {
	if b := s.byte(); b > 0 {
		return time.Unix(int64(b)-2, int64(b))
	}
	return time.Time{}
}

func (s *messageSource) template() wacloud.Message {
	m := wacloud.NewTemplate(s.text(), s.text()).WithHeader(s.templateHeader()).WithBody(s.parameters()...).
		WithOffer(s.moment()).WithButtons(s.templateButtons()...)
	if s.byte() > 127 {
		m.OrderStatus = s.orderUpdate()
	}
	for range s.count() {
		header, _ := s.templateHeader().(wacloud.TemplateCardHeader)
		m.Cards = append(m.Cards, wacloud.NewTemplateCard(header, s.templateButtons()...).WithBody(s.parameters()...))
	}
	for range s.count() {
		m.TapTargets = append(m.TapTargets, wacloud.TapTarget{URL: s.text(), Title: s.text()})
	}
	return m
}

func (s *messageSource) templateHeader() wacloud.TemplateHeader {
	switch s.byte() % 9 {
	case 0:
		return wacloud.TextParameter{Name: s.text(), Text: s.text()}
	case 1:
		return wacloud.HeaderImage{Media: s.media()}
	case 2:
		return &wacloud.HeaderVideo{Media: s.media()}
	case 3:
		return wacloud.HeaderDocument{Media: s.media(), Filename: s.text()}
	case 4:
		return wacloud.HeaderProduct{RetailerID: s.text(), CatalogID: s.text()}
	case 5:
		return wacloud.Location{Latitude: float64(s.byte()), Longitude: -float64(s.byte()), Name: s.text()}
	case 6:
		return (*wacloud.Location)(nil)
	}
	return nil
}

func (s *messageSource) parameters() []wacloud.TemplateParameter {
	var all []wacloud.TemplateParameter
	for range s.count() {
		switch s.byte() % 5 {
		case 0, 1:
			all = append(all, wacloud.TextParameter{Name: s.text(), Text: s.text()})
		case 2:
			all = append(all, wacloud.CurrencyParameter{Fallback: s.text(), Code: s.text(), Amount1000: -int64(s.byte())})
		case 3:
			all = append(all, &wacloud.DateTimeParameter{Fallback: s.text()})
		default:
			all = append(all, nil)
		}
	}
	return all
}

func (s *messageSource) templateButtons() []wacloud.TemplateButton {
	var all []wacloud.TemplateButton
	for range s.byte() % 13 {
		all = append(all, s.templateButton())
	}
	return all
}

func (s *messageSource) templateButton() wacloud.TemplateButton {
	switch s.byte() % 11 {
	case 0:
		return wacloud.QuickReplyPayload(s.text())
	case 1:
		return wacloud.URLSuffix(s.text())
	case 2:
		return wacloud.CouponCode(s.text())
	case 3:
		return wacloud.FlowButton{Token: s.text(), Data: json.RawMessage(s.text())}
	case 4:
		return wacloud.CatalogButton{ThumbnailRetailerID: s.text()}
	case 5:
		return wacloud.ProductsButton{ThumbnailRetailerID: s.text(), Sections: []wacloud.ProductSection{{Title: s.text(), RetailerIDs: []string{s.text()}}}}
	case 6:
		return wacloud.CallButton{TTLMinutes: int(s.byte()) - 1, Payload: s.text()}
	case 7:
		return wacloud.OrderDetailsButton{Payment: s.payment()}
	case 8:
		return (*wacloud.FlowButton)(nil)
	}
	return nil
}

func (s *messageSource) orderUpdate() wacloud.OrderUpdate {
	return wacloud.OrderUpdate{
		ReferenceID: s.text(), Status: s.text(), Description: s.text(), PaymentStatus: s.text(), PaymentTime: s.moment(),
	}
}

func (s *messageSource) amount() wacloud.Amount { return wacloud.Amount(s.byte()) - 1 }

func (s *messageSource) payment() wacloud.Payment {
	p := wacloud.Payment{ReferenceID: s.text(), Goods: s.text(), Type: s.text(), Currency: s.text()}
	for range s.count() {
		p.Settings = append(p.Settings, s.setting())
	}
	for range s.count() {
		p.Beneficiaries = append(p.Beneficiaries, wacloud.Beneficiary{Name: s.text(), Line1: s.text(), City: s.text(), PostalCode: s.text()})
	}
	for range s.count() {
		p.Order.Items = append(p.Order.Items, wacloud.OrderLine{
			RetailerID: s.text(), Name: s.text(), Amount: s.amount(), Quantity: int(s.byte()), SaleAmount: s.amount(), ImageLink: s.text(),
			CountryOfOrigin: s.text(), ImporterAddress: wacloud.ImporterAddress{Line2: s.text()},
		})
	}
	p.Order.CatalogID, p.Order.Expires, p.Order.ExpiresNote = s.text(), s.moment(), s.text()
	p.Order.Subtotal, p.Order.Tax = wacloud.Charge{Amount: s.amount(), Description: s.text()}, wacloud.Charge{Amount: s.amount()}
	p.Order.Discount = wacloud.Discount{Amount: s.amount(), ProgramName: s.text()}
	return p
}

func (s *messageSource) setting() wacloud.PaymentSetting {
	switch s.byte() % 11 {
	case 0:
		return wacloud.BillDesk{Configuration: s.text(), AdditionalInfo: [7]string{2: s.text()}}
	case 1:
		return &wacloud.Razorpay{Configuration: s.text(), Receipt: s.text(), Notes: s.texts()}
	case 2:
		return wacloud.PayU{Configuration: s.text(), UDF: [4]string{s.text()}}
	case 3:
		return wacloud.Zaakpay{Configuration: s.text(), Extra: [2]string{s.text()}}
	case 4:
		return wacloud.UPIIntent{Link: s.text()}
	case 5:
		return wacloud.PaymentLink{URI: s.text()}
	case 6:
		return wacloud.PixCode{Code: s.text(), MerchantName: s.text(), Key: s.text(), KeyType: s.text()}
	case 7:
		return wacloud.Boleto{DigitableLine: s.text()}
	case 8:
		return wacloud.OffsiteCard{LastFour: s.text(), CredentialID: s.text()}
	case 9:
		return (*wacloud.Boleto)(nil)
	}
	return nil
}
