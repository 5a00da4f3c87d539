"""Free text as professionals write it, put together from parts. Everybody and every place in it is invented."""

from sightline.entrypoints.invented.chance import Chance

GIVEN = (
    "Ada", "Ben", "Cleo", "Dara", "Esme", "Farid", "Greta", "Hugo", "Ines", "Jonah", "Kezia", "Leon", "Mina", "Niall",
    "Orla", "Perrin", "Quinn", "Rosa", "Sami", "Tess", "Umar", "Vera", "Wren", "Xenia", "Yusuf", "Zora",
)  # fmt: skip
FAMILY_FIRST = ("Winter", "Orchard", "Fern", "Oak", "Lark", "Marsh", "Stone", "Thorn", "Wey", "Cope", "Dun", "Elm")
FAMILY_LAST = ("borne", "leigh", "hill", "apple", "spur", "combe", "worth", "field", "ridge", "mere", "stead", "croft")
PLACES = (
    "the leisure centre", "the bus station", "a flat above a shop", "the retail park", "the underpass by the station",
    "the skate park", "a car park near the seafront", "the old brickworks", "the library steps", "a friend's house",
)  # fmt: skip
WHO = (
    "a residential worker", "the foster carer", "her form tutor", "a youth worker", "the duty social worker",
    "a neighbour", "the school nurse", "an older friend", "a cousin", "the night manager",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WHAT = (
    "a grey hatchback", "a new telephone", "cash that could not be explained", "a second SIM card", "cigarettes",
    "a train ticket to another county", "messages from an account with no name", "a bruised wrist", "new trainers",
)  # fmt: skip
SENTENCES = (
    "{who} rang at about {hour} on {day} and said that the child had not come back from {place}.",
    "The child was last seen near {place} with {what}.",
    "{who} had noticed {what} on {day} and recorded it in the daily log.",
    "Enquiries were made at {place} and with two known friends; neither had seen the child since {day}.",
    "It is not clear who had arranged the lift, and {who} was asked to write down the registration if it returned.",
    "The child spoke calmly to {who} afterwards and did not want to say where the night had been spent.",
    "There was concern about {what}, which {who} had not seen before.",
    "A visit to {place} was agreed for {day} at {hour}, jointly with the allocated worker.",
    "The child says that people at {place} are friends and that nobody is being made to do anything.",
    "{who} thinks that the child is being collected from {place} on most weekday evenings.",
    "Checks were made of the placement; {what} was found and has been kept.",
    "The risk was talked through with {who}, and the category was reviewed at {hour}.",
    "The last known address was visited on {day}; there was no answer, and a card was left.",
    "Inhaler and medication are still at the placement; {who} was told and will bring them to {place}.",
    "A similar report was made some weeks ago, when the child was found at {place} by {who}.",
    "The parents were spoken to together; one of them had heard about {what} from {who}.",
    "No injuries were seen, but the child was tired and asked for something to eat at {place}.",
    "The plan is that {who} keeps in touch each morning and that changes are passed on the same day.",
)


def prose(chance: Chance, letters: int) -> str:
    """Sentences until there are about that many letters."""
    said: list[str] = []
    length = 0
    while length < letters:
        sentence = chance.choice(SENTENCES).format(
            who=chance.choice(WHO),
            hour=f"{chance.randrange(0, 24):02d}:{chance.randrange(0, 60):02d}",
            day=chance.choice(DAYS),
            place=chance.choice(PLACES),
            what=chance.choice(WHAT),
        )
        said.append(sentence[0].upper() + sentence[1:])
        length += len(sentence) + 1
    return " ".join(said)
