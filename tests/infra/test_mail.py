"""How mail leaves, and how it is learned that it did not arrive."""

from tests.infra.reading import Assembled


def test_mail_goes_over_tls_or_comes_back(stage: Assembled) -> None:
    (configuration,) = stage.of("AWS::SES::ConfigurationSet")
    assert configuration.properties["Name"] == f"cutover-{stage.stage}"
    assert configuration.properties["DeliveryOptions"] == {"TlsPolicy": "REQUIRE"}


def test_what_comes_back_is_told_to_the_default_bus_and_no_link_is_led_elsewhere(stage: Assembled) -> None:
    """With opens or clicks among them, SES would lead every link of a mail over a server of its own."""
    (reports,) = stage.of("AWS::SES::ConfigurationSetEventDestination")
    assert stage.render(reports.properties["ConfigurationSetName"]) == "{Mail/Configuration}"
    destination = stage.render(reports.properties["EventDestination"])
    assert destination["MatchingEventTypes"] == ["bounce", "complaint", "reject"]
    assert destination["Enabled"] is True
    bus = destination["EventBridgeDestination"]["EventBusArn"]
    assert bus == "arn:{AWS::Partition}:events:{AWS::Region}:{AWS::AccountId}:event-bus/default"
