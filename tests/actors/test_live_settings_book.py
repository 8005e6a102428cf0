"""The book of live settings takes registrations as a whole, and tells the same as one that looks at every value."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from actors._graph._ledger._live_settings import LiveSettingsBook
from graphmeta import SettingValue

ANNA, BERT, WORKER = (UUID(int=number) for number in range(1, 4))
ADDRESSES = ("U", "V", "W")
BOUND = 3
NAMED = st.dictionaries(st.sampled_from(ADDRESSES), st.sampled_from([True, True, True, False]))
"""Components, and whether each has settings."""


class PlainBook:
    """What the last values of each address are, one by one."""

    def __init__(self):
        self.seeds, self.reports, self.values = {}, {}, {}

    def get(self, address):
        return self.reports.get(address) or self.seeds.get(address)

    def history(self, address):
        return tuple(self.values.get(address, ()))

    def settle(self, address, before):
        """Take note of what *address* has now, if that is another value than it had *before*."""
        now = self.get(address)
        if now is None:
            self.values.pop(address, None)
        elif now is not before:
            self.values[address] = [*self.values.get(address, ()), now][-BOUND:]

    def change(self, book, key, value):
        before = self.get(key)
        if value is None:
            book.pop(key, None)
        else:
            book[key] = value
        self.settle(key, before)


@st.composite
def deeds(draw):
    """What sessions do, each in a form that the ledger lets through: an address has one holder at a time."""
    return draw(
        st.lists(
            st.one_of(
                st.tuples(st.just("register"), st.sampled_from([ANNA, BERT]), NAMED),
                st.tuples(st.just("register"), st.just(ANNA), NAMED),
                st.tuples(st.just("report"), st.sampled_from([ANNA, BERT, WORKER]), st.sampled_from(ADDRESSES)),
                st.tuples(st.just("end"), st.sampled_from([ANNA, BERT, WORKER]), st.none()),
            ),
            max_size=25,
        )
    )


@given(deeds())
def test_it_tells_what_one_tells_that_looks_at_every_value(deeds):
    holders, reporters, let_go = {}, {}, []
    book, plain = LiveSettingsBook(BOUND, let_go.extend, holders), PlainBook()
    for number, (deed, session, what) in enumerate(deeds):
        before = book.effective()
        told = {}
        if deed == "report":
            if what not in holders:
                continue
            value = SettingValue(number, session, True, number, 0.0)
            book.report(what, value)
            plain.change(plain.reports, what, value)
            reporters[what] = session
            told = {what: value}
        else:
            # An address that another session holds is refused by the ledger.
            wanted = {address for address in what or () if holders.get(address, session) == session}
            gone = {address for address, holder in holders.items() if holder == session} - wanted
            over = {address for address, reporter in reporters.items() if reporter == session}
            over = over if deed == "end" else over & gone
            for address in gone:
                del holders[address]
            fallen = book.forget(session, over)
            for address in over:
                del reporters[address]
                plain.change(plain.reports, address, None) if address not in gone else plain.reports.pop(address)
            settled = [address for address in wanted if what[address]]
            values = {address: SettingValue(number, session, False, number, 0.0) for address in settled}
            holders.update(dict.fromkeys(wanted, session))
            if deed == "end":
                hidden, vanished = set(), book.withdraw(session)
            else:
                hidden, vanished = book.register(session, values)
            for address in gone | (wanted - values.keys()):
                plain.change(plain.seeds, address, None)
            for address, value in values.items():
                plain.change(plain.seeds, address, value)
            told = {address: value for address, value in values.items() if address not in hidden}
            told |= dict.fromkeys(vanished) | {address: book.get(address) for address in fallen - vanished}
        after = book.effective()
        assert after == {address: plain.get(address) for address in ADDRESSES if plain.get(address)}
        assert {address: book.history(address) for address in ADDRESSES} == {
            address: plain.history(address) for address in ADDRESSES
        }
        # Whoever follows what is told arrives at the same.
        followed = before | told
        assert {address: value for address, value in followed.items() if value} == after
