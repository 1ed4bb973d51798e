"""Harmless storylines of village life, in the notation that `grammar.py` reads.

`= key: topic` opens a storyline; each paragraph below it is one stage, told in order. `[a|b]` is a
choice, `{role}` a person or place that stays the same through a document, `{small}`, `{some}` and
`{sum}` numbers that stay the same through a storyline. Facts that `material_questions.FACTS` asks
about stand outside every choice.
"""

TEXT = """
= boiler: the boiler in the hall
The boiler at {hall} went out on {weekday} [evening|afternoon], in the middle of the dancing
class. {keeper} pressed the red button {small} times and then fetched the manual, which turned
out to be for a different make. [The dancers put their coats on and carried on.|Everybody moved
one row closer to the radiators out of habit, although they were cold.] {chair} wrote "boiler"
on the back of her hand so that she would not forget it.

A man came from the county to look at the boiler. He lay on the floor for an hour with a
[torch|small mirror on a stick] and asked for tea twice. His opinion was that nothing was worn
out at all, and that something must be standing in the flue. {keeper} said that he had been
saying so since [autumn|the harvest supper], which nobody present could remember.

They opened the flue of the boiler at last. A jackdaw had built its nest in the pipe, with
{some} sticks, a bus ticket and a silver teaspoon that {cook} recognised at once. The nest was
[lifted out in one piece|brought down in a bucket] and put on the windowsill for the children to
see. {teacher} made a drawing of it and labelled every part.

The bill for the boiler came to {sum} pounds, most of it for the [travelling|second visit].
{chair} had expected double and was so relieved that she read the figure out a second time. It
was paid from the jumble sale, and a wire cap was ordered for the top of the flue. {farmer}
offered his long ladder on condition that somebody younger should climb it.

With the wire cap in place, the boiler has run for [a month|five weeks] without a pause. {hall}
is now too warm if anything, and {keeper} has been asked to turn it down by the same people who
asked him to turn it up. The teaspoon is back in {cook}'s drawer. The jackdaws have moved to the
chimney of {inn}, where they seem content.

= choir: the spring concert
The choir met for the first time since the winter and found that it had {some} altos and two
tenors. {teacher}, who conducts, proposed a programme of river songs because [the words are
easy|everyone knows the tunes]. {aunt} asked whether there would be a solo, in the tone of
someone who would not refuse one. They sang through the first piece [four|three] times and
stopped while it was still improving.

For the concert the choir needs a piano that holds its pitch, and the one at {hall} does not.
{joiner} took the front off and found a pencil, a hymn sheet and {small} hairpins under the
keys. [Middle C now speaks again.|The lowest octave no longer rattles.] The tuner cannot come
before the end of the month, so until then they practise with {boy} giving the note on a
recorder.

There was a disagreement in the choir about the third song. Half of them wanted it slow and half
wanted it over with. {teacher} let each half sing it alone, [and then asked the cooks in the
kitchen to judge|and recorded both on his telephone]. The slow one won by a little. {aunt} said
that this was what she had meant from the beginning, and no one had the heart to argue.

The spring concert took place on {weekday} before a full room. {some} chairs had to be borrowed
from the school. The second tenor lost his voice on the day, and {driver}, who had only come to
listen, sang his part from the back row with the words held up in front of her. [There were two
encores.|The last song had to be repeated.] The collection in the hat came to {sum} pounds,
which goes to the piano.

After the concert the choir held its yearly meeting over [cake|soup]. The money will pay the
tuner for two years. {driver} was asked to join for good and said that she would think about it,
then asked when the next rehearsal was. {teacher} has already chosen a [winter|Christmas]
programme and is keeping it to himself, although he hums it in the post office.

= cat: the lost cat
{aunt}'s cat, a large grey animal called Bishop, did not come home on {weekday}. She asked at
every door in {lane} and put a saucer on the step. {boy} drew a notice with a [very fair|rather
flattering] likeness and pinned copies to the bus stop, the gate of the school and the door of
{inn}. By the evening {small} people had reported a grey cat, in {small} different places.

The search for Bishop went on. {driver} looked under the bus, because cats like a warm engine,
and {farmer} went through his barn with a lantern. They found a hedgehog, [a lost glove|a good
hammer] and two cats that were not grey. {aunt} kept cheerful in front of the children and told
them that Bishop had once stayed out for nine days when the house was being painted.

There was news of Bishop: a woman at the mill in {other} had been feeding a stranger with good
manners. {driver} took {aunt} over on the last bus. It was a handsome cat, and grey, but it had
white feet. [They stayed for a cup of tea all the same.|They came home with a jar of plum jam
instead.] {aunt} said on the way back that the other cat had a weak chin.

Bishop has been found. He had been shut in the organ loft of the church, where he had lived on
[mice|mice and candle ends] and rain from the gutter. {keeper} heard him when he went up to mend
a slate. The cat walked down the stairs by himself, past everybody, and went home along the wall
as if he had been out on business. {aunt} wept a little and then scolded him.

Bishop has grown stout again and has not gone further than the pump since his adventure. {boy}
took the notices down and sold the drawings for [ten|twenty] pence each. {aunt} has paid for a
small bell on the loft door, so that anyone who closes it will hear it. {teacher} set the story
as a composition, and {some} versions of it hang in the school corridor.

= marrow: the vegetable show
The list of classes for the vegetable show went up on the board at {hall}. There are {some} of
them this year, with a new one for the [oddest carrot|longest bean]. {farmer} has won the marrow
cup {small} times and says he has nothing special in the ground, which is what he says every
year. {cook} has been seen carrying buckets to her plot before breakfast.

It has been dry, and the talk at the allotments is of nothing but water. {cook} has made a
system of [old bottles with holes|gutter pipes and string] that lets one drop fall at a time on
each marrow. {farmer} walked past it twice and then asked, looking at the sky, where a person
might find so many of them. She gave him {small}. They have been on better terms ever since.

Somebody's goat came through the hedge and ate the top of the row of beans and one corner of
{farmer}'s best marrow. He took it [better than expected|like a philosopher]. The goat belongs
to nobody in {village}, and it was led back to {other} with a ribbon on it and a polite letter.
{joiner} mended the hedge with two hurdles before dark.

The show was held in the big tent with {some} entries on the long table. The judge came from the
college and cut a slice from everything. The marrow cup went to {cook}, by half a pound, and
{farmer} shook her hand in front of everyone. [{boy} came second with a carrot like a
swimmer.|{boy} won a ribbon for a potato in the shape of a boot.] It rained as soon as the tent
was down.

{cook} keeps the marrow cup on the dresser with wooden spoons in it. She has promised a few of
her seeds to {farmer}, who has promised in return to say where he gets his manure. The accounts
of the show closed with {sum} pounds in hand. The committee will [buy a second table|have the
tent patched] before next summer and will write to {other} about the goat.

= bridge: the footbridge
A plank of the footbridge over the {river} has come loose, and {keeper} has laid a board across
it with a red cloth on the end. It is the short way to the school for {some} children. {chair}
measured the gap with her [umbrella|scarf] and wrote to the county the same day. [The ducks have
taken to sitting in the shade of it.|Nobody has fallen in so far.]

The county answered about the footbridge. It does not own the bridge, it writes, and never did.
{chair} went through the box of old papers in the vestry and found a receipt for oak, signed by
a miller who died in 1911. It seems that the bridge belongs to the mill, and the mill has been a
[private house|holiday house] these forty years. {teacher} was delighted by this and took a copy
for the history class.

The owners of the mill came down from the city to see the footbridge that they did not know was
theirs. They were friendly and a little alarmed. {joiner} walked them across it and showed them
which beams were sound. She thought it would need {small} planks and a new rail. They asked for
a price, [and she gave them a fair one|and she did the sum on the back of a seed packet], and it
was settled on the bank.

{joiner} has begun on the footbridge with {boy} to hold the other end of things. The old nails
came out with a noise that could be heard at {inn}. For three days the children were taken over
the {river} in {farmer}'s trailer by way of the ford, and they asked if it could [always be
so|be arranged for the winter too]. The new oak is very pale and smells of vinegar.

The footbridge was opened again on {weekday} with a ribbon and no speeches, because of the wind.
The owners of the mill walked over first, and behind them the whole school in pairs. The work
had cost {sum} pounds. {joiner} has burnt the year into the underside of the rail, [where only
swimmers will see it|where you can feel it with your fingers]. The ducks came back the next
morning.

= van: the library van
The library van will come to {village} on {weekday}s from now on, and it will stand for forty
minutes by the pump. {aunt} was first up the steps and came down with {small} detective stories.
{teacher} has asked for a box of atlases. [The driver says that he has never seen such a
queue.|There was a queue as far as the post box.] {boy} returned a book about whales that he had
never borrowed.

The library van did not come this week, and nobody was told. {some} people stood by the pump in
the [drizzle|wind] with their books in bags. {chair} telephoned and heard that the battery was
flat and that notice had been given, but to the wrong village. {driver} offered to bring the
returned books into town on the bus, and stacked them on the back seat in the order of the
alphabet.

There is talk that the library van may be stopped, since it lends fewer books than it did.
{aunt} took this as a challenge. She has been going from door to door in {lane} to explain that
anyone may borrow eight at once. On {weekday} {some} people borrowed eight. The van [sat visibly
higher on its springs|drove off half empty], and the driver shook her hand.

The figures for the library van came out, and {village} stands first of all its stops. {chair}
read the letter aloud at {hall}. The van is safe for two years and is to have a new heater
besides. {teacher} asked whether people had really read everything. {aunt} said that she had,
[apart from one on drains|with the exception of a life of a general], and that she could be
examined on it.

The library van now brings a folding table with it, and a chess set that {boy} looks after. It
has turned into something of a meeting. {cook} brings [buns|a flask], and the driver stays for
an hour instead of forty minutes and says that his watch is slow. {nurse} has put a small rack
of leaflets beside the step. The whale book has been lent {small} times.

= play: the school play
{teacher} has written the school play himself this year. It is about the founding of {village},
with {some} speaking parts and a flood. Every child wants to be the flood. {boy} has been given
the part of the first miller and has learnt all his lines and [everybody else's|half of the
others']. {joiner} was asked for a mill wheel that turns and said "how fast?"

The wheel for the school play is finished, and it goes round if two people sit behind it. {cook}
has sewn {small} miller's aprons from one tablecloth. The flood is to be made of [blue sheets|a
parachute] carried by the smallest class. At the first rehearsal the flood came in too early and
stayed for the wedding. {teacher} says that history was perhaps like that.

Half the cast of the school play is in bed with a cold. {nurse} was asked in, looked at {some}
tongues, and advised rest, [warm drinks|soup] and one more week. So the performance has been
moved to {weekday}, and the notices were altered by hand. {boy}, who never catches anything, has
been rehearsing all the parts alone in the yard, changing hats.

The school play was given twice on the same day, as not everyone fitted into {hall} at once. The
flood arrived when it should. In the second showing the wheel came off its pin and rolled slowly
to the front row, where {farmer} stopped it [with his foot|with his stick], to applause. {boy}
said "The mill is yours, sir," which was not in the text, and {teacher} has since written it in.

The costumes of the school play have been washed and packed. Ticket money came to {sum} pounds
and will go to [a set of stage lamps|an outing to the sea]. The wheel is to stay at {hall},
since {joiner} cannot bear to break it up, and the toddlers use it as a house. {chair} says
there has been a letter from the paper in town, and it was kind.

= bees: the swarm
A swarm of bees settled on the sign of {inn} at noon on {weekday}, about the size of a
[football|milk pail]. The landlord shut the front door and served through the window. {farmer}
used to keep bees and was fetched from his dinner. He said that they were in the best of tempers
and only looking for a house, and he asked for a box, a sheet and {small} minutes of quiet.

{farmer} has put the bees into a hive at the end of the allotments, under the pear tree. He goes
to see them every evening with a [folding chair|pipe that he does not light]. {boy} goes with
him and has been lent a veil that reaches to his knees. The committee was uneasy about children
on the path, so a low fence of {some} stakes was set up, and a bench outside it.

The bees have been taken ill, or so {farmer} feared, since they hung about the door of the hive
and would not fly. The bee inspector came from the county, a young woman with a [motorcycle|very
clean hat]. Her verdict was that nothing ailed them but the cold wind. She praised the fence and
told {boy} that he had steady hands, and he has been unbearable ever since.

The first honey was taken from the hive: {some} jars, dark, with a taste of lime flowers. {cook}
lent her big pan and the kitchen of {hall}, and the floor was sticky for [two days|a week].
Every house that had complained about the bees was given a jar. The rest was sold at the gate in
a morning and brought {sum} pounds, which {farmer} has put aside for a second hive.

The bees have gone quiet for the cold months. {farmer} has put a stone on the roof of the hive
and a [mouse guard|strip of tin] at the door, and he listens to the wood with his ear against
it. {boy} gave a talk on bees at school and brought the veil. {teacher} reports that {small}
other children now want a hive of their own, and that he has hidden the matches.

= bus: the new bus times
The new bus times hang at the stop, and the last bus from town now leaves at twenty past six.
{driver}, who drives it, says that she was not asked. The shop closes at half past. {some}
people put their names to a letter that {chair} wrote at the [counter of the post office|bonnet
of the bus], and the baker in town signed as well, since he loses by it too.

About the bus times there has been an answer, in two pages, which says that the matter has been
noted. {chair} read it to the meeting and held it up to the light in case there was more. It was
resolved to count. So for two weeks {small} volunteers will sit at the stop with a
[clipboard|slate] and write down who gets on, who gets off and who would if they could.

The counting at the bus stop has turned out to be pleasant work. {aunt} took the Thursday
afternoons and a rug. She counted {some} passengers, two dogs and [a wardrobe|a grandfather
clock], which travelled free. People who had not spoken since the hedge affair were seen sharing
a bench. {teacher} has drawn the numbers as a row of little buses, and it makes a strong
impression.

{chair} and {driver} took the figures for the bus to the office in town. They were given seats
and, after a while, [coffee|a biscuit]. The manager looked at the row of little buses for some
time. He said that no other village had brought him anything but adjectives. The last bus will
leave at five past seven from the first of the month, as a trial.

The later bus has run for {small} weeks and is seldom empty. The shop girls from {village} use
it, and so does the manager, who came out one evening to see for himself and stayed to supper at
{inn}. {driver} has been given a new seat cushion. [The row of little buses has been framed.|The
trial has been made permanent.] The letter of two pages was used to light the stove.

= clock: the church clock
The church clock has stopped at ten to four. {keeper} has wound it, oiled it and spoken to it.
It was found that {some} people in {village} set their day by it and owned no other. {aunt} came
to dinner at noon [on two days running|three hours late]. The clockmaker who used to see to it
has retired to the coast, and he sent a postcard with advice and a picture of a pier.

{joiner} went up to the church clock with the postcard in her hand. She found that one tooth of
the second wheel was broken clean off. It could be cast anew in the city for {sum} pounds, or it
could be made here if someone had the patience. She looked at {teacher}, who makes [model
engines|barometers] in his spare room, and {teacher} looked at his hands.

The new tooth for the church clock is cut. {teacher} made {small} before he was satisfied, and
the spoilt ones lie in a dish on his desk. It was fitted with a [dovetail|pair of tiny screws]
on {weekday}, by lamplight. The clock ran for an hour and then struck forty. Several people
counted and came out into the street, and {farmer} said that it had a good deal to catch up on.

The striking of the church clock has been put right. A pigeon's feather had been resting in the
count wheel all the time, and {boy}, who has thin arms, drew it out. He was allowed to set the
hands by [the telephone|the wireless]. Now it is only half a minute slow. {keeper} has a card on
the wall of the tower on which everyone who winds it must sign his name.

There was a small thanksgiving for the church clock, with {some} people up the tower in turns.
{teacher} made a speech that lasted from one quarter to the next and stopped on the stroke.
[{cook} had baked a cake with hands of liquorice.|There was cider from {inn}.] The {sum} pounds
that were saved will go to the tower roof, about which {keeper} has begun to drop hints.

= flood: the river
The {river} is up to the second step of the landing after [three|four] days of rain. {keeper}
has painted marks on the post by the bridge and reads them every hour. {small} cellars in {lane}
have been cleared. {chair} opened the cupboard under the stage, where the sandbags ought to be,
and found the puppet theatre. The sandbags were in the school, under the gymnastic mats.

During the night the {river} came over the meadow but not over the road. {farmer} moved his
sheep to the churchyard, where they have [tidied the far corner|eaten the wreath from Sunday].
At {hall} a kettle was kept going until morning and {some} people came in, mostly for the
company. {driver} parked the bus on the hill with its lights on so that there would be something
to walk towards.

The {river} began to fall at breakfast time. It left behind a rowing boat, a quantity of reeds
and one kitchen chair, which nobody has claimed. No house had water above the doorstep. {aunt}
was carried out by {joiner} and {farmer} on principle, and carried in again an hour later.
{teacher} took the older class to measure the mud.

A meeting was called about the {river} while everybody still remembered it. {keeper} showed his
hourly readings, which were in a [school exercise book|hymn book], and was clapped. It was
agreed that each street should have one person with a key, a lamp and a list. {some} households
put their names down. {nurse} asked that the list should say who cannot manage stairs.

The county has sent {sum} pounds towards the damage by the {river}, and a form to say how it was
spent. Most of it goes to the meadow fence. New sandbags stand under the stage with a [painted
sign|label on string], and the puppet theatre has gone to the school, where the children have
put on a flood in it. The kitchen chair is still at {hall}, in case.

= bakery: the new bakery
There is to be a bakery in the old saddler's shop. It has stood empty for [eleven|twelve] years.
{cook} has taken the lease with her savings and told no one until the paper was signed. {joiner}
found the old bread oven behind a wall, whole, with {small} cobwebbed tins in it. All day people
come past and look in with the air of being on their way to somewhere else.

The oven of the bakery drew badly at first, and {lane} was full of smoke. {cook} stood in the
road with flour on her face and apologised to everybody. {farmer} sent over a load of dry ash
and would take no money. [The third firing was the right one.|On the fourth day it drew like a
pipe.] The first {some} loaves were flat and were given to the choir, who ate them.

The bakery opened its door at seven on {weekday}, and at nine there was nothing left but a tray
of rye rolls. {aunt} had stood outside since half past six with a [cushion|book]. {cook} had
counted on forty customers, and nearly twice as many came. {boy} carried loaves to those who
cannot walk far, and at every house was given half a slice of what he had brought.

A difficulty has come up at the bakery: the flour from the city costs more than it did, and
{cook} will not raise her price in her first year. {teacher} asked the mill whether it could
still grind. It can, it seems, on [two days|one day] of the week, if the {river} is willing. So
for {small} weeks now there has been bread from wheat that grew within sight of the tower.

The bakery has been open for half a year. {cook} has taken on a girl from {other}, who comes on
the first bus and sings. Her brown loaf was mentioned in the town paper, and {some} strangers
came to buy it on one Saturday. [The accounts are in balance.|There is a little money over.] The
smoke is forgotten, except by {keeper}, who brings it up whenever he wants a bun.

= map: the walkers' map
The walking club wants a map of the old paths around {village}. {teacher} has one from his
grandfather, but it shows a railway that was never built. It was agreed that {small} pairs
should go out and see for themselves. [Each pair has been given a wedge of the parish.|Straws
were drawn for the boggy part.] {farmer} asked them to shut his gates and drew in the bull with
a good deal of care.

The walkers came back with their notes for the map. One pair had found a stone with a cross on
it, another a spring, and {driver} and {nurse} had found a tea garden that is kept by two
brothers who do not speak. Of {some} paths on the old map, nine have gone under the plough.
{aunt} could say from her chair where every one of them had been.

There is a quarrel over the map. A man who has bought the top field says that no path crosses
it, and he has put up a chain. {chair} asked him to tea. She had laid out the tithe book and a
[seed cake|plum tart]. He left after two hours in a thoughtful mood, and the chain was gone by
{weekday}. He has asked only that walkers should keep to the edge, and that seemed fair.

The map is drawn. {joiner} did the lettering and {boy} the animals, among them a bull that looks
straight at the reader. {some} people came to {hall} to correct the proof. The names caused more
trouble than the paths, since every family has its own for the same hill. [In the end both were
put in.|The matter was settled by age.] The printer will do it on cloth paper, that can stand
the rain.

The walkers' map went on sale at the post office and at {inn}. The first printing has brought in
{sum} pounds. Strangers are now met with in {lane}, holding it the wrong way up, and they are
put right. {small} stiles have been mended with the money. [The tea garden has had to buy
cups.|The two brothers at the tea garden were seen talking.] {teacher} keeps the railway map on
his wall all the same.

= firstaid: the first-aid course
{nurse} is holding a course in first aid at {hall}, on six evenings. She had hoped for ten
people, and {some} came. They began with how to speak to someone who has had a fright, which is
slowly. {farmer} was the patient and enjoyed it so much that he had to be told to [look less
comfortable|stop giving advice]. Everybody went home with a triangular bandage and a sheet of
things never to do.

On the second evening of the first-aid course they learnt about labels. {nurse} passed round
empty boxes and bottles and asked what each one said, and {small} people found that they had
been reading theirs wrongly. The rule that she wrote on the board was: read it aloud, and if in
doubt ask [the pharmacist|the surgery] before and not after. {aunt} copied it on to a card for
her cupboard.

Burns and sprains were the subject of the first-aid course this week. {cook}, who knows about
burns, held her hand under the tap for the full twenty minutes while {nurse} went on talking.
{boy} put a bandage on the [bust of the founder|mill wheel], and it was judged the neatest. A
box with a proper lid has been hung in the kitchen, and {keeper} has the key and a list of what
is in it.

There was a real case for the first-aid class. {joiner} slipped from a trestle at the bridge and
hurt her wrist, and {driver} had it in a sling before anyone could faint. At the hospital in
town they asked who had done it. {nurse} told the story at the next evening and made {driver}
[stand up|take a bow]. The wrist is only strained and will be well in {small} weeks.

The first-aid course ended with an examination, in which {teacher} fell down in various places.
All {some} passed. {nurse} gave out the certificates and said that the most useful thing in the
box was still the telephone. With the {sum} pounds from the fees {hall} has bought a folding
stretcher. [The toddlers have already been carried about on it.|It was used the same night for
the tea urn.]

= surgery: the new surgery hours
The surgery in {village} is to be open on three mornings instead of two. {nurse} put the notice
up herself. The waiting room has been painted a pale [yellow|green], and the {some} chairs no
longer match, which is an improvement. {keeper} has made a rack for sticks and umbrellas. A bell
was tried for calling people in, but it made them jump, so {nurse} puts her head round the door
as before.

Somebody proposed that the surgery should have a book in which people write down what they
wanted to ask and forgot. {nurse} thought it a good plan. In a fortnight there were {some}
entries. Many of them were about [sleep|knees], one was about a parrot, and a good number came
down to the same thing: the letters on the leaflet are too small. She has had it printed again
at twice the size.

The telephone at the surgery was out of order from {weekday}, and {boy} ran messages on his
bicycle for [two days|a day and a half]. He carried nothing but folded notes and got {small}
apples for it. {nurse} has asked for a second line. It was noticed that people who had to write
their question down asked a much better one, and some needed no answer after that.

A talk was held at the surgery on how to keep a home cupboard in order. {nurse} asked everyone
to bring in what was out of date, and {some} bags came, which went back to the pharmacy in town
with {driver} the next day. {aunt} had a tin from [before the war|her grandmother], kept for the
picture on the lid. She was allowed to keep the tin. {nurse} repeated that the label is for one
person and not for the family.

The surgery's year has been summed up on a single sheet. There were more visits and shorter
waits, and the pale walls were praised by {small} people. The {sum} pounds from the coffee
morning have bought a [blood-pressure cuff|pair of kitchen scales] for people to use by
themselves. {chair} thanked {nurse}, who answered that the third morning had done it, and the
larger print.

= quilt: the long quilt
The sewing circle means to make a quilt that will go round three walls of {hall}. Each house may
give one square. {chair} expected {some} and has had that number in the first week, from a piece
of velvet to a [football shirt|flour sack]. {aunt} is in charge of the order. She lays them out
on the floor at night and walks about among them in her stockings.

Trouble in the sewing circle: two squares for the quilt were found to be the same, cut from one
pair of curtains that had been sold at the jumble sale to {small} different people. {cook} saw
it first. [They will be put at opposite ends.|Both ladies laughed, after a moment.] {boy} has
sent in a square with a bee on it, done by himself in the bus, with three kinds of thread.

The backing for the long quilt is a good strong linen that {farmer} had in his loft, meant once
for hop sacks. It smelt so much of hops that {small} of the circle grew sleepy, and it had to be
hung on the bridge for a day. [Half the village came to see what was being announced.|A stranger
asked if there was a regatta.] {joiner} has made a frame of ash that folds against the wall.

The quilt is being stitched together, in two shifts, and there is always someone at the frame.
{teacher} came to look and was given a needle. It turned out that he learnt at sea, and his
stitches are [the smallest of all|as even as print]. On {weekday} they passed the middle, which
is the square with the tower on it, and {cook} brought in a tray of {some} buns.

The long quilt has been hung. It goes round the three walls, with a hand's breadth to spare at
the door. {some} families came to find their own square and stayed to find the others. The echo
in {hall}, about which the choir has complained for years, is [gone|all but gone]. Nobody had
thought of that. {aunt} says she had, but that it was to be a surprise.

= quiz: the quiz at the inn
The winter quiz at {inn} has begun again, with {small} teams at the long tables. {teacher} asks
the questions and cannot be bribed. In the first round nobody knew how many steps there are up
to the tower, although {keeper} has climbed them for thirty years. He said that he never counts
when he is carrying things. [The answer was ninety-one.|He went out with a lamp and came back
with ninety-one.]

At the second evening of the quiz the team from the allotments went into the lead with a good
round on weeds. {farmer} was asked for the name of a [river in the south|painter] and gave, with
great certainty, that of a sheepdog. {driver}'s team came within {small} points. The landlord
has put a tin on the bar for wrong answers, a penny each, and it is already heavy.

The quiz had to be stopped for a while when the lights failed. {teacher} went on from memory by
the glow of the fire, and it was agreed that questions sound harder in the dark. {nurse} got
{small} right in a row, all about [stars|bones]. When the lamps came back it was seen that
{aunt} had joined the leading team, and no one had noticed when.

In the last round but one of the quiz, {cook} knew what is put into the black bread of the north
and no one else did. That made it a tie between the allotments and the bus company, as
{driver}'s team calls itself. The deciding question was a guess: how many [dried peas|buttons]
in the jar. {boy}, who keeps the scores, had counted them. He looked at the ceiling the whole
time.

The quiz is won. The bus company guessed {some} too many and the allotments {some} too few, so
that it was still a tie, and it went to the side with the older captain. That was {aunt}, who
was not in fact captain, but nobody liked to say it. The tin on the bar held {sum} pounds in
pennies. It will buy [coal for the reading room|a globe for the school].

= films: the film evenings
{driver} has been given an old projector by a cousin who was moving house. It works, once it is
warm. The committee has agreed to [six|five] film evenings at {hall}, with a sheet for a screen.
The first drew {some} people and a dog. The picture was upside down for a minute, and {farmer}
said that he had followed it quite well.

For the second film evening {keeper} stretched the sheet on a frame with {small} hooks to a
side, and now faces are the right width. It was a film about a lighthouse. In the sad part the
reel ended, and while {driver} threaded the next one everybody sat and talked about how it might
go on. The real ending was thought weaker than {aunt}'s.

The third film was in a foreign language, and the words at the bottom were too pale to be read
from the back. {teacher} stood up and translated. He was [two sentences behind|a little ahead],
and when the lovers parted he was still buying the fish. {some} people asked for the same film
again, done in the same way, and this has been put down for the spring.

The bulb of the projector went on {weekday} with a small sigh. A new one costs {sum} pounds and
takes {small} weeks to come. Instead of a film there was an evening of shadow figures by {boy}
and the older class, who had [a dragon|a steamship] and a fair imitation of {chair}. She laughed
more than anyone. The takings went into the bulb fund, which is a jam jar.

The bulb came at last, and the season of films ended with the lighthouse by general wish. {cook}
sold {some} bags of warm nuts. As the sheet was being folded {chair} thanked {driver} and asked
for a show of hands about next winter. [Every hand went up, and the dog's was held up for
it.|Nobody was against.] The frame will hang over the stage for the puppet theatre in the
meantime.
"""
