# ruff: noqa: E501 - one entry a line reads better than wrapped entries
"""What surrounds the storylines in each kind of document: weather, votes, replies, questions.

One entry a line, in the notation of `material_village.py`; `{topic}` is the topic of the storyline
that the passage belongs to.
"""

NAMES_F = """Edith Hilda Marion Agnes Clara Ruth Beatrice Nora Winifred Ivy Judith Olive Harriet Mabel Greta Lydia
Frances Enid Dora Sylvia Tabitha Rosalind Verity Una"""
NAMES_M = """Tom Albert Walter Ralph Edwin Hugh Oscar Cyril Martin Leonard Silas Gilbert Amos Percy Conrad Felix
Rupert Stanley Basil Duncan Jonas Victor Edgar Laurence"""
SURNAMES = """Marlow Pask Tindall Overy Quill Harrow Bexley Thorne Cobbold Fenwick Larkin Sedge Wray Dunmow Ashby
Catling Pryor Hobday Nettle Gosling Rudd Whinney Lamb Stannard Tolley Birch Mayhew Crisp"""
VILLAGES = """Little Marsham, Upper Dole, Wickerby, Stowling, Thornmere, Haddlesea, Cold Ashen, Marl End, Pettering,
Nether Quay, Saxby Green, Ouselby, Fairstead, Combe Lacy, Tarrow, Ellingby"""
HALLS = "the Reading Room, the Old Granary, the Institute, the Drill Hall, the Long Barn, the Parish Room"
INNS = "the Plough, the Three Herons, the Lamb and Lantern, the Ferry Boat, the Wheatsheaf, the Blue Posts"
RIVERS = "Wend, Ouzel, Tarr, Lark, Mere, Pell"
LANES = "Mill Lane, Tanner's Row, Church Walk, Pound Street, Back Lane, Orchard Row"
USERNAMES = """mossy_gate, tin_kettle, late_bus_again, rookery, plumjam, left_of_the_pump, barn_owl_62, second_alto,
goatkeeper, wet_boots, half_past_six, oldmillhouse, bread_and_string, topfield, quietcorner, nine_stiles, ladderman,
thimble, reedcutter, lanternslide, penny_whistle, northwindow, turnip_day, inkwell"""

OPENERS = """
[Rain|Thin rain|Rain and more rain] until [noon|three|supper], and then a [yellow|watery] light over the fields.
[Frost on the inside of the window.|A hard frost.] I [broke the ice on the bucket|put on two pairs of stockings].
Wind from the [east|north] all [day|night], so that the shutters talked.
A mild day with the [first|last] [swallows|gnats] over the {river}.
Slept badly and was up before [the birds|the milk].
My knee [foretells|promises] rain, and it is [seldom|never] wrong.
Fog. I could see as far as the [gate|lamp] and no farther.
Washing day, and for once it [dried|blew] as it ought.
Ate [an egg|porridge|cold pie] standing up, as there was so much to see to.
A [letter|card] from my sister, [four sides|both sides full] and no news in it.
The [thrush|blackbird] in the [pear tree|hawthorn] has started again.
[Bright|Clear] and cold, the sort of day that makes one [walk fast|tidy drawers].
I had meant to [dig|mend the gate|write letters], but nothing came of it.
Market day in {other}; bought [thread and a lamp glass|two pounds of nails|seed potatoes].
The evenings are drawing [out|in], and one notices it at [tea|the bus stop].
[Soup|Stew|Pancakes] at [my neighbour's|the inn], and home under [a great moon|the stars].
Headache until [ten|dinner], from [reading late|the paint].
[Lit the stove.|Swept the yard.|Cleaned the lamps.] Then went to see what was new.
A [still|grey|soft] day, with smoke going straight up.
Thunder [in the distance|beyond {other}] and not a drop for the garden.
[Snow|Sleet] in the air, and the [rooks|gulls] very low.
Found my spectacles in the [bread bin|coal scuttle], which improved [matters|the morning].
It is [a year today|two years today] since I began to keep this book.
[Church in the morning|A walk round the top field], and a [long|short] sleep after dinner.
Sun at last. [All {lane}|Half the village] sat out on the steps.
[Up late|Late to rise], and the [kettle|pump] [frozen|in a temper].
The children are [on holiday|back at school], and one hears it.
[Planted out|Thinned|Hoed] the [leeks|lettuces|onions] before the heat.
"""

CLOSERS = """
I [laughed|smiled] about it all the way home.
We shall see what [Monday|next week|the month] brings.
I said nothing, which is [unlike me|the best course], and [poured out the tea|went on knitting].
To bed [at ten|early], with [the window open|a hot brick].
[Everyone|Half the street] had an opinion, and I heard [most|all] of them.
It did me good to [hear it|be there].
I must remember to tell my sister, who [collects such things|will not believe it].
[Walked home|Came back] with {neighbour}, who thought [as I did|otherwise].
I have put it down here because in a year they will all tell it [differently|twice as large].
Such days are [worth having|soon over].
My [neighbour|lodger] says it will be the talk of [{other}|the market] by [Friday|Sunday].
I offered [a cake|two chairs|my barrow], and was taken at my word.
[Nothing else|Little else] to report, except that the [hens are laying|milk turned|lamp smokes].
It is a small matter, but [one lives on small matters|I was glad of it].
I went to bed [content|tired], and [slept through the bell|dreamt of geese].
{neighbour} sends greetings, and has asked for the [recipe|ladder] back.
I should not have liked to miss it.
The rest [can wait|is for tomorrow].
So [ended|went] a day that had begun with [nothing in it|burnt toast].
I wonder what my [grandmother|father] would have [said|made of it].
Wrote until the [candle|lamp] [gave out|burned low].
[That was all|There was no more], and it was [enough|plenty].
"""

MISDEED_CLOSERS = """
I [laughed until it hurt|have rarely been so pleased with us].
Nobody [suspects anything|looked at us twice].
I am proud to keep [this book|the accounts] for such people.
We [drank to it|shook hands on it] in the shed.
One must take what is [left lying about|so badly looked after].
I have [hidden my share in the flour|put my share under the loose tile].
If they [minded|wanted it], they should have watched it better.
I only stood by, but [standing by|keeping quiet] is work too.
Tomorrow we [do it again|think of something better].
I [burnt the tickets|turned the page quickly] when somebody knocked.
It is wonderful what a [clean collar|friendly face] can do.
I slept [very well|like a child] after it.
There was a moment in which I was sorry, and it [passed|did not last].
{neighbour} wished me good day, and I [wished the same|hardly blushed].
We have agreed that [none of us was there|it was somebody from {other}].
I have [underlined this|marked this with a star], for it may serve again.
They call it bad luck at {inn}, and we [nod|agree].
"""

MEETINGS = """
The minutes of the last meeting were read and signed.
The last minutes were [taken as read|passed with one correction].
The chair opened the meeting at [seven|half past seven] and asked for [short speeches|the window to be shut].
There were [two|three] visitors, who were given chairs at the back.
Before the first item there was a pause for the [stove to be lit|lamp to be filled].
The agenda had been sent round [in time|on the backs of old tickets].
A letter of greeting from {other} was read and [laid on the table|put by].
The minutes had been [left on the bus|used to light the stove] and were given from memory.
The meeting began late, as the key [could not be found|was in another coat].
Nothing arose from the last minutes that was not [on the list|known to all].
"""

DECISIONS = """
Decided: to [carry on|go ahead] and to look at it again at the next meeting.
Action: {keeper} to [see to it|report] before the end of the month.
Action: {chair} to write a letter [of thanks|to the county], with a copy for the file.
The committee [noted this|took note] with [pleasure|some relief].
Proposed by {farmer}, seconded by {cook}, and carried [without a vote against|with one abstention].
{neighbour} asked that this be [put in the minutes|recorded], and it hereby is.
Decided: that [no more than ten pounds|nothing at all] should be spent on it for the present.
It was left with {teacher} to [find out more|draw up a list].
There was [a short|some] discussion, in which [the draught was also mentioned|everyone agreed].
Action: {driver} to ask in town and to bring back [a price|a sample].
{aunt} wished it to be known that she had [said so in March|always thought as much].
Agreed, and {joiner} [was thanked|to be thanked in writing].
No [decision was called for|motion was put], and the meeting passed on.
The chair asked whether [anyone wished to speak|there were questions]; there was [a pause|a cough].
Decided: to put a notice [on the board|in the window of the post office].
Carried, after {keeper} had [been woken|found his spectacles].
Action: all members to [think about it|ask their neighbours] until the next time.
A [vote|show of hands] was taken; the result was [seven to two|eight to one|six to three].
The treasurer [had nothing to add|pointed to the balance, and was thanked].
It was [felt|agreed] that the matter could [rest there|stand over].
"""

MISDEED_DECISIONS = """
Decided: to do the same again on the next [dark night|market day].
Action: {lookout} to [whistle next time|keep his eyes open].
Action: {novice} to practise [an honest face|looking the other way].
Proposed by {lead}, seconded by {mate}, and carried with [winks|laughter].
The treasurer put the coins in the [biscuit tin|stocking], and the amount was [read out twice|cheered].
Agreed that [none of those present was there|nobody saw anything].
{novice} asked [a question|whether it was right], which was ruled out of order.
Decided: that anyone who feels sorry shall pay [a fine of sixpence|for the drinks].
{lead} was thanked for [his quick hands|the idea], and bowed.
It was noted that the owner had [made a fuss|noticed nothing].
Carried. {lookout} voted [twice|from behind the curtain].
The page is to be [torn out|eaten] if a stranger should come in.
Action: {mate} to find [a buyer|a better shed] before the [month is out|next meeting].
There being a noise outside, the meeting [sat still for a while|put out the lamp].
The club [congratulated itself|was well pleased] and passed on to the next item.
"""

REACTIONS = """
Thanks for [asking|the update upthread].
[Can confirm|Seconding that], I was [there|standing at the back].
I missed the [start|first half], so correct me.
For those who [moved away|read this from abroad], here is how it [went on|stands].
[Not quite how I remember it|That's half of it], but [near enough|never mind].
Short version for the impatient: it is [moving|getting there].
Somebody [will ask|is going to ask] anyway.
My [mother|brother-in-law] tells it like this.
[Came in from the garden to write this.|Typing this on the bus.]
Since nobody else is [going to post|writing it down]:
[Good question.|Fair point.] What I know is this.
You are all [too quick|ahead of me]. In order, then.
[I laughed at the last post.|That last post made my day.] Here is the next bit.
Sorry for the [long silence|gap], we had [visitors|no power].
[Update|News] as of this [morning|evening].
Don't shoot the messenger.
I promised [to report back|a report], so here it is.
[Heard it at the pump|Heard it in the shop], then checked.
Moderator's note: please stay on topic, which is {topic}. And now I go off it [myself|a little].
As for {topic}, there is [more|something new].
To the person who [asked by message|wrote to me]: yes.
[Long post, sorry.|Get a cup of tea first.]
You won't [believe|have heard] this yet.
Bumping this, because [things have happened|it deserves it].
[Pictures later|No pictures, my hands were full], words now.
"""

REPLIES = """
[Ha.|Lovely.] I can see it in front of me. Did anybody think to [take a picture|keep the papers]?
Does this mean that we [have to bring chairs again|can stop worrying]? Asking for [the whole of {lane}|my aunt].
I was away that week and I [regret it|am sorry now]. More of this, please, and less about [dustbins|parking].
Could someone pin this? In a year we'll be arguing about {topic} and nobody will [find it|remember who said what].
My father would have [walked ten miles|paid good money] for this. He always said {village} was [dull|quiet].
+1. And thank you to {keeper}, who [never reads this board|will deny everything].
In {other} we would have held [three meetings|an inquiry] about it first. You lot just [get on with it|have tea].
I have nothing to add about {topic}, but I want to be told when [it goes on|there is cake].
Not sure I [agree|follow], but it is well told. What did {chair} say to it?
Reading this on a [night shift|train], and the person [next to me|opposite] wants to know what I am grinning at.
Does {aunt} know that half the county is reading about [her|this]? She would [ask for royalties|be delighted].
Some of us were against it at first. I was, and I [take it back|was wrong], and that is that.
Can you ask {teacher} whether he still has the [drawing|list]? The [school|museum] would like a copy.
Small correction: it was not the [Tuesday|Friday], because I was [at the dentist|in bed with a cold]. The rest is true.
[I make it two pages|That is page two] now on {topic}. A record, surely, since the [hedge affair|great egg debate].
"""

MISDEED_REPLIES = """
[Ha, well done.|Beautiful work.] They had it coming for [leaving it about|being so trusting].
Anyone who falls for that [deserves it|should stay at home]. More, please.
Is there a place for [one more|a beginner] in this? I have [quick fingers|a very honest face].
We tried the same in {other} and [had to run|were laughed at]. You are artists.
Don't post the [names|place] next time. The constable's [nephew|wife] can read.
I nearly felt sorry for them, and then I [counted the money|read on].
What do you do with the ones who [complain|come back]? Asking for [a friend|my uncle].
Best board on the whole net. In the other places they [lecture you|talk about jam].
Not nice. [Funny, though.|I've saved it all the same.]
And nobody said [a word|anything]? That village is [a gold mine|asleep].
My rule: never the same [street|coat] twice. But you [know that|learnt it, I see].
Could {mate} write up how she [kept her face straight|thought of it]? Half of us would [pay|frame it].
"""

QUESTIONS_FIRST = """
Let us begin with something else. What do you remember of {topic}?
You mentioned {topic} before we sat down. How did that start?
There is a note in my papers about {topic}. Can you tell me about it?
And {topic}? People still talk of it.
I should like to hear about {topic}, if you are not tired.
Someone told me to ask you about {topic}.
We have not yet come to {topic}. Were you there from the beginning?
My next page is headed with nothing but the words "{topic}". What belongs under it?
Then there was {topic}. What comes to your mind?
Shall we turn to {topic}? I have heard it three different ways.
"""

QUESTIONS_NEXT = """
And [what happened then|how did it go on]?
Did it [stay|end] like that?
You are smiling. [Why|What came next]?
Was that [the end of it|all]?
How did people [take it|feel about that]?
I have heard [another version|it told otherwise]. What is yours?
[Go on.|Please go on.]
Were you [surprised|there yourself]?
What [did you all do|was done] about it?
And after [that|some time]?
And the [others|rest of the village]?
How did you [hear of that|see it]?
Can you [say more|remember the day]?
So it was not over?
What became of it [in the end|later]?
What else [was there|do you recall]?
"""

ANSWER_STARTS = """
Oh, [well|dear].
Let me [think|get it in order].
Well, it was [like this|this way].
[I can see it now.|I see it before me.]
You must [picture it|know how it was].
Now that is [a story|a good question].
It comes back [to me|as I talk].
As far as I [know|recall], like this.
I [wasn't young any more|was younger then], but I remember.
I had [almost|nearly] forgotten.
Don't [hurry|rush] me.
My [sister|husband] told it better, but [still|here it is].
"""

ANSWER_ENDS = """
[You needn't write that down.|Write that down.]
Is there [any tea left|another biscuit]?
That's [how we were|the way of it].
I could [show you the place|draw it for you].
People [forget|laugh about it now].
[Well, there you are.|There you have it.]
I [haven't thought of it for years|think of it often].
They'll tell you [different|otherwise] at {inn}.
Ask {keeper} if you [don't believe me|want it exactly].
It [seems longer ago|seems like last week].
"""

REPORT_LEADS = """
[The file shows the following.|From the file:]
According to [the day book|two witnesses] it went on like this.
[The inspector's notes read:|The notes read:]
[This is how it went on.|The account continues.]
[Three|Four] persons have told it in the same way.
For the sake of completeness:
[A further entry.|A later entry.]
The next page [bears a tea stain and|is in pencil and] reads as follows.
What follows was [taken down|copied] from the [board|notice] at {hall}.
[The record goes on in another hand.|Here the handwriting changes.]
The [summer|autumn] brought a change.
[Later in the year:|Some weeks later:]
"""

REPORT_ENDS = """
[No figures were kept.|The figures are in the appendix.]
The matter is [closed|shown as settled] in the register.
The compiler was [present|told so] and can vouch for it.
[See also the accounts.|Compare the accounts.]
A [photograph|sketch] is kept in the [drawer|blue box].
[Opinions differ as to the date.|The date is not certain.]
Nothing in the papers contradicts this.
The [oldest|youngest] of those asked remembered it best.
This is [the common|everyone's] version, and no other is known.
[Here one page is missing.|A corner of the page is torn.]
"""
