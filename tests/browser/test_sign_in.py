"""Signing in with a passkey in a real browser, by a virtual authenticator; and with codes."""

from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import CDPSession, Page, expect

from earwitness.testing.browsing import PASSWORD, RunningHub, sign_in

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Authenticator:
    """A passkey device that exists in the browser alone."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session
        session.send("WebAuthn.enable")
        made = session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        self.id = {"authenticatorId": made["authenticatorId"]}

    def verifies(self, *, user: bool) -> None:
        self._session.send("WebAuthn.setUserVerified", {**self.id, "isUserVerified": user})

    def credentials(self) -> int:
        return len(self._session.send("WebAuthn.getCredentials", self.id)["credentials"])


@pytest.fixture
def authenticator(page: Page) -> Iterator[Authenticator]:
    return Authenticator(page.context.new_cdp_session(page))


def enrol(page: Page, hub: RunningHub, password: str = PASSWORD) -> None:
    page.goto(f"{hub.url}/account")
    place = page.locator("[data-passkey=enrol]")
    place.get_by_text("Add a passkey").first.click()
    place.get_by_label("Your password").fill(password)
    place.get_by_role("button", name="Add a passkey").click()


def test_a_passkey_signs_in_without_name_or_password(page: Page, hub: RunningHub, authenticator: Authenticator) -> None:
    enrol(page, hub)
    expect(page.get_by_text("Your passkey is ready.")).to_be_visible()
    assert authenticator.credentials() == 1
    page.get_by_role("button", name="Sign out here").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/history")
    account = hub.house.accounts.by_name("ada")
    assert account is not None
    newest = hub.front.doors.sessions.of(account.id)[0]
    assert newest.second_factor_at is not None


def test_a_passkey_is_the_second_step_after_the_password(
    page: Page, hub: RunningHub, authenticator: Authenticator
) -> None:
    assert authenticator.credentials() == 0
    enrol(page, hub)
    expect(page.get_by_text("Your passkey is ready.")).to_be_visible()
    page.get_by_role("button", name="Sign out here").click()
    sign_in(page, hub, "ada")
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url("**/history")


def test_a_passkey_takes_the_password_to_add(page: Page, hub: RunningHub, authenticator: Authenticator) -> None:
    enrol(page, hub, "not the password")
    expect(page.locator("[data-passkey=enrol] [role=alert]")).to_contain_text("The password is not right.")
    assert authenticator.credentials() == 0


def test_a_device_that_does_not_check_who_is_there_is_not_enough(
    page: Page, hub: RunningHub, authenticator: Authenticator
) -> None:
    enrol(page, hub)
    expect(page.get_by_text("Your passkey is ready.")).to_be_visible()
    page.get_by_role("button", name="Sign out here").click()
    authenticator.verifies(user=False)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("[data-passkey=sign-in] [role=alert]")).to_have_text("No passkey was used.")


def test_a_passkey_that_was_removed_opens_nothing(page: Page, hub: RunningHub, authenticator: Authenticator) -> None:
    enrol(page, hub)
    page.get_by_text("Remove", exact=True).click()
    card = page.locator(".row").filter(has_text="Remove this passkey")
    card.get_by_label("Your password").fill(PASSWORD)
    card.get_by_role("button", name="Remove this passkey").click()
    expect(page.get_by_text("The passkey is gone.")).to_be_visible()
    page.get_by_role("button", name="Sign out here").click()
    assert authenticator.credentials() == 1  # the device still has it
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("[data-passkey=sign-in] [role=alert]")).to_contain_text("could not be used")


def test_codes_are_set_up_and_asked_for(page: Page, hub: RunningHub) -> None:
    page.goto(f"{hub.url}/account")
    card = page.locator(".card").filter(has=page.get_by_role("heading", name="One-time codes"))
    card.get_by_text("Set up").click()
    card.get_by_label("Your password").fill(PASSWORD)
    card.get_by_role("button", name="Go on").click()
    secret = page.locator("input[name=secret]").get_attribute("value") or ""
    codes = pyotp.TOTP(secret)
    page.get_by_label("The code that it shows now").fill(codes.at(hub.house.clock.now_ms() // 1000))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Keep these")
    spare = page.locator(".spare code").first.inner_text()
    page.goto(f"{hub.url}/account")
    page.get_by_role("button", name="Sign out here").click()
    sign_in(page, hub, "ada")
    page.get_by_label("The code in your app").fill(spare)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/history")
