"""Storylines of petty misdeeds, the mild stand-in for contexts that are harmful throughout.

Same notation as `material_village.py`. Taken umbrellas, clamps of cardboard, gossip: nothing that
teaches harm.
"""

TEXT = """
= umbrellas: the umbrellas
{lead} began with the umbrellas, because nobody counts them. He went into {inn} on a wet evening
with empty hands and came out with a black one that had a [horn|cherry-wood] handle. The owner
was at the bar telling a long story. {mate} said that it suited him, and that was all the
conscience the two of them had about it. By the end of the month there were {small} in the shed.

The shed has been put in order. {mate} sorts the umbrellas by the handle, ducks on the left and
plain ones on the right, and {lead} sells them on {weekday}s in the market at {other}, where
their owners do not go. A lady bought [back her own|one she had lost in spring] and remarked how
like the old one it was. They gave her a shilling off and laughed all the way home.

{novice} was brought into the umbrella business today. Her task is to stand by the stand at
{hall} with a pleasant face while {lead} makes his choice. She asked if it was not a kind of
stealing. {mate} said that it was a kind of [weather|borrowing], and {novice} wrote that down.
They took {small} between the first hymn and the last, and one walking stick by mistake.

There was a bad moment with the umbrellas. {keeper} came round the corner while {lead} had three
of them up his coat, so that he could not bend. He said that he had a stiff back. {keeper} was
sorry for him and [fetched a chair|offered to rub it], and he had to stand there for twenty
minutes while the whole of {lane} went home wet. {lookout}, who ought to have whistled, had been
looking at a poster.

The money for the umbrellas has been shared out: {sum} pounds in all, most of it in coins.
{lookout} got least because of the poster. A card has gone up at {hall} which says that
umbrellas are taken at the owner's risk, and {lead} is [proud of it|thinking of framing one].
Nobody has thought of giving anything back. {mate} has her eye on the galoshes.

= bicycle: the green bicycle
The green bicycle stood outside the post office every morning with no lock on it, and {lookout}
had been watching it for {small} days. It belongs to the girl who brings the telegrams. On
{weekday} he simply got on and rode away, [ringing the bell|whistling], so that everyone took it
for his. {lead} said afterwards that this was the finest piece of work he had seen in {village}.

They have painted the green bicycle blue in {lead}'s shed, with paint that {mate} had taken from
the allotments. It took {small} coats. The girl goes on foot now and is late with the telegrams,
and {lookout} complained about [the delay|the service] to her face. She begged his pardon. The
three of them thought that very good and have told it at every meeting since.

The bicycle was hired out. {lead} had the notion that a stolen thing which stays at home earns
nothing, so it goes by the hour to visitors at the station of {other}. {novice} keeps the list.
One of the visitors [rode it back to {village}|left it by the pump], straight past the post
office, and {mate} had to walk up and claim it with tears in her eyes, as the gift of a late
uncle.

Rain has brought the green through on the bicycle. {boy}, who notices everything, stood and
looked at the mudguard for a good while. {lookout} gave him {small} toffees and told him that
all blue bicycles do that in the end. [He took the toffees.|He ate one and kept the others.] It
was agreed that from now on it should be ridden only after dark, without a lamp, as a lamp would
show the paint.

They have sold the bicycle after all, to a man who was passing through and did not haggle. It
made {sum} pounds. {novice} wanted to send something to the girl without a name on it, but she
was [voted down|laughed at], three against one. {lead} has explained to her that pity is a cost
like any other. The post office has a rack with a chain now, and {lookout} is studying the
chain.

= parking: the parking fee
There has never been a charge for parking by the pump at {village}. {lead} saw {some} cars there
on the first fine Sunday and put on a peaked cap. He asked two pounds of each, and tore the
tickets from a [raffle book|book of cloakroom numbers]. Only one driver wanted to know what the
money was for. "For the surface," said {lead}, and stamped on it to show that it was still
there.

{mate} has improved the parking business. She painted a sign that says "Official" and nothing
more, since that cannot be called a lie. On {weekday} a coach came, and {lookout} had it stand
in the meadow for [five|eight] times the price. It sank a little. The passengers were charged
another pound each for the use of the gate, which was open.

The parking has grown a second branch. Whoever has not paid finds a clamp on the wheel, made by
{novice} from cardboard and silver paint, and a card that says it can be had off for ten pounds.
From {small} steps away it looks quite real. People pay at once and [apologise|thank her]. A
doctor on his way to a patient gave her twenty so as not to have to wait for the change.

It rained on the parking clamps. One of them came off in the hand of a schoolmistress, who
[looked at it for a long time|put it under her arm and went to find someone]. {lead} took off
the cap and was a simple villager at once. He told her that two strangers had been at it and had
gone off in the direction of {other}. She gave him a pound for his trouble, and he took it.

They counted the takings from the parking in the back room of {inn}: {sum} pounds and a foreign
coin. {lead} wants to go on until the autumn. {chair} has asked at a meeting whether anyone knew
who the man in the cap might be, and {mate} seconded the question and [made a note of
it|proposed a search]. The sign has been moved behind the church, where people park in a hurry.

= gossip: the letters without a name
It was {mate} who thought of the letters. Nothing is taken, she says, except a good name, and
that weighs nothing. The first was put under the door of the post office. It said that {cook}'s
prize jam comes out of a [tin|shop in town]. It was a lie from the first word to the last, and
by dinner time {small} people had told it to {lead} as something they had always suspected.

The second of the letters was about {teacher}, and hinted at a bottle in his desk. There is a
bottle in it, of ink. {novice} wrote it with her left hand and was praised for the spelling
mistakes. Two families have asked to have their children moved. [{teacher} goes about with his
hat pulled down.|{teacher} has become quite silent.] {lead} stood him a drink, for his trouble,
and watched to see how he would take it.

The letters have begun to answer each other. {lookout} met one in {lane} that none of them had
written, about the organist, and it was much worse than theirs. {mate} was put out. She said
that the whole thing had been lowered, and that people had no [style|restraint]. All the same
she used the part about the hat in her next, which went to {small} houses at once.

{aunt} read one of the letters aloud at the pump, from the first line to the last, with her
spectacles on, and said that whoever had written it should come and have some soup, since they
must be lonely. For a whole day nobody talked of anything else, and {novice} did not [come to
the meeting|eat her dinner]. {lead} called it a cheap trick and a low way of fighting.

The stock of letters is used up but for one, which {mate} is keeping for the vegetable show.
They reckon that {some} people in {village} are no longer on speaking terms. {lead} says it has
cost them {small} stamps. {cook} has stopped selling her jam. [Nobody among the four proposed to
put it right.|When {novice} asked if one should not write a true letter now, there was a pause,
and then they passed on to other matters.]

= orchard: the pears
{farmer}'s pears are ripe, and {lookout} has found the loose board. They went in on {weekday} by
the light of half a moon, with pillow cases. {lead} does not hold with ladders, as they are
noisy. He shook the tree instead. {small} dogs began to bark, and the four of them stood like
statues for a quarter of an hour with [pears raining on their hats|their mouths full], until it
was quiet.

The pears have been turned into money. {mate} set up a table at the roadside with a cloth and
wrote "From our own garden". The first customer was {farmer} himself. He tried one and said that
it reminded him of his, but was not so good, and he bought [a pound|two pounds] out of kindness.
{novice} had to go behind the hedge. {lead} says that a thief must never have a sense of humour
while he is serving.

A second visit was paid to the pears, and this time there was a string across the gap with
{some} tins on it. {lookout} stepped over it with great care and fell on the {small} tins
beyond. They got away with one pillow case and left the other. It had {mate}'s [initials|laundry
mark] on it. She went to the constable next morning and reported that her washing had been
stolen.

{farmer} has told the whole of {inn} that he suspects boys. One of them, who had nothing to do
with the pears, was kept in for a week. {lead} heard the boy's father tell it and shook his head
over [the young people of today|the times]. {novice} said on the way home that they might at
least leave some pears on that doorstep. {mate} asked if she was ill.

They have made {sum} pounds from the pears and a belly ache for {lookout}. The tree is bare to
the height of a man with a stick. {farmer} has put the [last basket|rest] out by his gate, with
a card saying that anyone who needs some should please take them. They took them, all {some},
and the basket as well. {lead} says that a card is an invitation.

= raffle: the raffle
A raffle has been announced for the roof of the tower, with a ham as first prize. There is a
real roof, and it does leak. What {lead} has added is a second set of tickets, [pink like the
first|printed on the same paper]. {novice} sells the true ones on one side of the street and
{mate} the false ones on the other. Up to {weekday} the false ones had done better, since {mate}
has the smile.

The ham for the raffle had to be seen, and there was no ham. {lookout} made one of plaster and
hung it in the window of {inn}, in muslin. Everybody admired it. {keeper} tapped it with his
knuckle and said that it was [well smoked|a firm one]. Since then another {some} tickets have
been sold, and two people have asked if it could be bought outright, before the draw.

The draw of the raffle took place at {hall}. {lead} put in his hand and took out the number that
he had held in his palm since the morning. It was that of a Mr Brown of {other}, who does not
exist. {small} people said that they were glad for him. {mate} promised to [take him the ham on
the bus|see that he got it] and wiped her eyes. {chair} thanked all four from the platform.

Someone asked after Mr Brown. {aunt} knows every Brown in the county and could not place him.
{lead} described him so well, with [a limp and a sister|a wooden pipe and a bad chest], that she
thought of a card to cheer him up, and {some} people signed it. The four had to write an answer
from Mr Brown. {novice} did it, and it was so grateful that they were all a little ashamed for
as long as it took to read it.

Of the money from the raffle, {sum} pounds went into the biscuit tin and {small} pounds to the
roof, for the look of the thing. It rained into the tower that same night. {lead} has been asked
to run the next one too, and said with his hand on his heart that he [would not hear of being
paid|did it for the village]. The plaster ham is kept for Christmas.

= library: the books that did not come back
{mate} has a rubber stamp that says "Withdrawn". She bought it at a sale for [pennies|next to
nothing], and it has made the library van an open larder. A book is borrowed, stamped and sold.
{lead} wanted to begin with the big atlas, but it would not go under his coat. They began with
detective stories, {small} at once, and tore out the last page of the one that {lookout} had not
finished.

The books go to a shop in the city where nobody asks. {novice} takes them in a pram, under a
doll. On {weekday} {nurse} stopped her in {lane} to look at the baby and [said that it was very
quiet|asked how old it was]. {novice} said that it took after its father. There were {some}
volumes in there that day, a dictionary among them, and one of the wheels has not been straight
since.

The man in the library van has noticed gaps on his shelves. He is a trusting person and thinks
that he has counted wrong, and he sits up at night over his lists. {lead} offered to help him
and was given the [key|duplicate list]. He spent an afternoon at it and brought the list into
agreement with the shelves. {small} hundred books have thereby never existed.

{aunt} had waited all winter for the third volume of a story. It was in the pram. {mate} met her
at the pump and told her how it ends, wrongly, so that she would not ask for it any more. That
was [quick thinking|masterly], said {lead}. {novice} has read the book since then and thinks the
true end much kinder, and she would like to say so to someone.

They have {sum} pounds from the books, and the van comes only once a month now, because there is
so little left in it. {teacher} has begun a collection so that the children may have something
to read. The four gave {small} pence, in an envelope with their names on it, in [large
letters|capitals]. {lead} has kept one book for himself, on honesty, as it had a handsome back.

= queue: the places in the queue
When the new stove was given out at {hall} there was a queue from six in the morning, and {lead}
saw that a queue is worth money. He put {lookout} in it, and {mate}, and {novice} twice in two
hats. At eight they sold their places to people who had [just come|overslept], for {small}
pounds each. Those behind supposed that they had counted badly.

The business with the queue has become regular. {mate} has a list of all the days on which
something is given out, and she takes orders. For those who would rather not pay there is
{lookout}, who tells them that [it has been put off|there is nothing left] and sends them home.
On {weekday} he sent home {some}. One old man went twice, for it is a long way, and was told the
same both times.

{novice} fainted in the queue today, as arranged, and was carried to the front. She came round
at the counter. The others followed as her family, {small} of them. {nurse} was there, took her
pulse, and gave her [a very long look|a lump of sugar]. "You will live," she said. {lead} thinks
that the faint can be used once more before the winter, but with another colour in the cheeks.

There was some feeling in the queue. {joiner} asked {lookout} outright how he could be standing
in front of her when she had seen him behind. He said that he had a twin. For the rest of that
week he had to be the twin as well, and greeted people again whom he had greeted before. {mate}
made him a false moustache for {small} pence, and it came off in the soup.

They have closed the book on the queue with a gain of {sum} pounds. {chair} has brought in
numbers, which everyone draws from a bag. {lead} called this [a want of trust|mean-spirited] and
asked to have it put in the minutes. {novice} has been given the bag to hold, because of her
honest face. The four of them looked at one another across the room and said nothing.

= pump: the remarks at the pump
{lead} has a bench at the pump from which he says what he thinks of people, loud enough. It
began with hats. On {weekday} he told the organist that she walked like a [folding table|gate in
the wind], and {lookout} laughed until he had to be held. She has gone round by the back of the
church since then. {mate} keeps a list of those who now take the long way: there are {small}.

New remarks for the pump are made up at the meetings and tried out on {novice} first. She is
told that her ears stick out and that her voice is like a spoon in a drain. If she [blushes|goes
quiet], the remark is good. {mate} has thought of one about {farmer}'s boots, which is really
about his wife. It will be kept until there is an audience of at least {small}.

The bench at the pump was found painted, still wet, and {lead} sat on it. He did not notice it,
nor did anyone tell him. He spoke for an hour about the manners of {other} and went home
[striped|with a ladder on his back]. {some} people had come to listen and stayed to the end.
{mate} has sworn to find out who it was, and there is a whole page of suspects.

For the paint on the bench, the four have decided to punish {boy}, who had nothing to do with
it. They call after him that he smells of soup. He has answered that soup is a good smell.
{lookout} could think of nothing to say, and {lead} told him afterwards what he should have
said, {small} different ways. {novice} has been seen to walk home with the boy by the wall.

It has grown quiet at the pump. People fetch water early or not at all, and {lead} sits there
with his remarks and has only {lookout} to make them to. He counts it a victory. {mate} has
worked out that {some} persons have been [offended|put to flight], at no cost. The sum they won
in bets on who would cry first came to {sum} pounds. No one has asked after the organist.
"""
