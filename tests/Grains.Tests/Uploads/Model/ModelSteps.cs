using FsCheck;
using FsCheck.Fluent;

namespace GrainVault.Grains.Tests.Uploads.Model;

/// <summary>What a client, the store or time does next.</summary>
internal enum Deed
{
    Create,
    Put,
    Presign,
    Send,

    /// <summary>All parts, one after the other.</summary>
    Fill,

    Look,
    Complete,
    Abort,
    Delete,
    Event,
    Janitor,
    Advance,
    Crash,
}

/// <summary>What goes wrong meanwhile.</summary>
internal enum Trouble
{
    None,

    /// <summary>One call of the store fails without effect.</summary>
    Refused,

    /// <summary>One call has its effect, and its answer is lost.</summary>
    LostAnswer,

    /// <summary>A completion or copy answers 200 with an error in it, and has no effect.</summary>
    ErrorInSuccess,

    /// <summary>The same, but it has its effect.</summary>
    ErrorInSuccessAfterEffect,

    /// <summary>The answer to a write shows another ETag than the true one.</summary>
    WrongETag,

    /// <summary>A body breaks off.</summary>
    Truncated,

    /// <summary>Every call takes its time.</summary>
    Slow,

    /// <summary>Lists don't show the last hour.</summary>
    Lag,

    /// <summary>The silo stops before one call; it goes on much later, when another has taken its work over.</summary>
    CutBefore,

    /// <summary>The same after a call that has had its effect.</summary>
    CutAfter,
}

/// <summary>One step; numbers stand for whatever there is at that moment, so that every part of a sequence is one too.</summary>
/// <param name="Deed">What is done.</param>
/// <param name="Session">
/// Which session; negative ones count from the newest. For a new one: bit 0 direct, bit 1 renamed when its name is taken, bit 2 announces
/// its checksum.
/// </param>
/// <param name="Part">Which part. For a new session: which name.</param>
/// <param name="Variant">Which content, claim, kind of event, or length of time; of a new session its shape.</param>
/// <param name="Trouble">What goes wrong.</param>
/// <param name="Call">With which call of the store.</param>
internal sealed record Step(Deed Deed, int Session, int Part, int Variant, Trouble Trouble, int Call)
{
    public override string ToString() =>
        $"{Deed}({Session}, {Part}, {Variant}){(Trouble == Trouble.None ? "" : $" with {Trouble} at {Call}")}";
}

/// <summary>A sequence of steps, printed so that it can be read.</summary>
internal sealed record Sequence(IReadOnlyList<Step> Steps)
{
    public override string ToString() => string.Join("\n  ", Steps.Select(step => step.ToString()).Prepend($"{Steps.Count} steps:"));
}

/// <summary>Makes sequences, and makes those that fail smaller.</summary>
internal static class ModelSteps
{
    private const int PhrasesMin = 3;
    private const int PhrasesMax = 12;

    private const int Newest = -1;
    private const int SecondNewest = -2;
    private const int Direct = 1;
    private const int Renamed = 2;

    /// <summary>Shape of a new session that has one part.</summary>
    private const int OnePart = 1;

    /// <summary>Shape of a new session that has several parts.</summary>
    private const int SeveralParts = 2;

    // As often as they are listed.
    private static readonly Deed[] Deeds =
    [
        Deed.Create, Deed.Create, Deed.Create,
        Deed.Put, Deed.Put, Deed.Put, Deed.Put,
        Deed.Presign, Deed.Presign, Deed.Presign,
        Deed.Send, Deed.Send, Deed.Send, Deed.Send,
        Deed.Fill, Deed.Fill, Deed.Fill, Deed.Fill, Deed.Fill, Deed.Fill,
        Deed.Look,
        Deed.Complete, Deed.Complete, Deed.Complete, Deed.Complete, Deed.Complete, Deed.Complete, Deed.Complete, Deed.Complete,
        Deed.Abort,
        Deed.Delete,
        Deed.Event, Deed.Event,
        Deed.Janitor, Deed.Janitor,
        Deed.Advance, Deed.Advance,
        Deed.Crash, Deed.Crash,
    ];

    private static readonly Trouble[] Troubles =
    [
        .. Enumerable.Repeat(Trouble.None, 11),
        .. Enum.GetValues<Trouble>()[1..],
        Trouble.CutBefore, Trouble.CutAfter,
    ];

    public static Arbitrary<Sequence> Sequences { get; } = Arb.From(AnySequence(), Smaller);

    private static Gen<Sequence> AnySequence() =>
        from count in Gen.Choose(PhrasesMin, PhrasesMax)
        from start in AnyStep()
        from phrases in Gen.ArrayOf(AnyPhrase(), count)
        select new Sequence([start with { Deed = Deed.Create, Variant = SeveralParts }, .. phrases.SelectMany(phrase => phrase)]);

    /// <summary>Mostly single steps; and what single steps seldom come to by chance.</summary>
    private static Gen<Step[]> AnyPhrase() => Gen.Frequency(
        (14, AnyStep().Select(step => new[] { step })),
        (1, Gen.ArrayOf(AnyStep(), 3).Select(Sent)),
        (1, Gen.ArrayOf(AnyStep(), 3).Select(Arriving)),
        (1, Gen.ArrayOf(AnyStep(), 6).Select(Competing)));

    /// <summary>A session whose parts are sent one after the other, and completed.</summary>
    private static Step[] Sent(Step[] any) =>
    [
        any[0] with { Deed = Deed.Create },
        any[1] with { Deed = Deed.Fill, Session = Newest },
        any[2] with { Deed = Deed.Complete, Session = Newest },
    ];

    /// <summary>A file that a URL brings, and an event that tells of it.</summary>
    private static Step[] Arriving(Step[] any) =>
    [
        any[0] with { Deed = Deed.Create, Session = any[0].Session | Direct, Variant = OnePart },
        any[1] with { Deed = Deed.Fill, Session = Newest, Part = 1 },
        any[2] with { Deed = Deed.Event, Session = Newest, Variant = any[2].Variant & 1 },
    ];

    /// <summary>Two sessions that want the same name.</summary>
    private static Step[] Competing(Step[] any) =>
    [
        any[0] with { Deed = Deed.Create, Session = any[0].Session & ~Renamed },
        any[1] with { Deed = Deed.Create, Part = any[0].Part },
        any[2] with { Deed = Deed.Fill, Session = SecondNewest },
        any[3] with { Deed = Deed.Fill, Session = Newest },
        any[4] with { Deed = Deed.Complete, Session = Newest, Variant = 0 },
        any[5] with { Deed = Deed.Complete, Session = SecondNewest, Variant = 0 },
    ];

    private static Gen<Step> AnyStep() =>
        from deed in Gen.Elements(Deeds)
        from session in Gen.Choose(0, 15)
        from part in Gen.Choose(0, 3)
        from variant in Gen.Choose(0, 7)
        from trouble in Gen.Elements(Troubles)
        from call in Gen.Choose(0, 3)
        select new Step(deed, session, part, variant, trouble, call);

    /// <summary>Without some steps, without a trouble, with the plainest variant: in this order.</summary>
    private static IEnumerable<Sequence> Smaller(Sequence sequence)
    {
        var steps = sequence.Steps;
        for (var count = steps.Count / 2; count >= 1; count /= 2)
        {
            for (var from = 0; from < steps.Count; from += count)
                yield return new Sequence([.. steps.Take(from), .. steps.Skip(from + count)]);
        }

        for (var i = 0; i < steps.Count; i++)
        {
            if (steps[i].Trouble != Trouble.None)
                yield return With(i, steps[i] with { Trouble = Trouble.None, Call = 0 });
            if (steps[i].Variant != 0)
                yield return With(i, steps[i] with { Variant = 0 });
        }

        Sequence With(int index, Step step) => new([.. steps.Take(index), step, .. steps.Skip(index + 1)]);
    }
}
