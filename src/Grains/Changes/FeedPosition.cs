using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;

namespace GrainVault.Changes;

/// <summary>What a feed tells at a position.</summary>
internal enum FeedPhase
{
    /// <summary>Changes after the numbers of the position.</summary>
    Changes = 0,

    /// <summary>The whole state, whose first part are the user's own entries that are not in the trash, by name.</summary>
    OwnEntries = 1,

    /// <summary>Then his trash, by time.</summary>
    Trash = 2,

    /// <summary>Then what is shared with him; what is below it is listed.</summary>
    Shares = 3,

    /// <summary>
    /// After a page of changes: what is shared with him below folders of these changes, by id, which the key names. Then the changes after the
    /// numbers of the position.
    /// </summary>
    Below = 4,
}

/// <summary>Where a feed was read up to.</summary>
/// <param name="IssuedAt">When, in whole seconds.</param>
/// <param name="GoodUntil">When the changes after it may begin to go, as it was known then; in whole seconds.</param>
/// <param name="Phase">What comes next.</param>
/// <param name="Key">While the whole state is told, or what stands below folders, where the last page ended.</param>
/// <param name="Numbers">Numbers of the owners' last changes that were read, by the hash of the owner.</param>
internal sealed record FeedPosition(
    DateTimeOffset IssuedAt, DateTimeOffset GoodUntil, FeedPhase Phase, string Key, IReadOnlyDictionary<long, long> Numbers)
{
    private const int VarintSizeBytesMax = 10;

    /// <summary>The place in the feed alone, which is the same whenever it was reached.</summary>
    public string Place => string.Create(CultureInfo.InvariantCulture, $"{(int)Phase} {Base64Url.EncodeToString(Pack())} {Key}");

    /// <summary>
    /// The position as text. A release before <see cref="FeedPhase.Below"/> finds such a position expired, so that its reader begins anew: it
    /// would skip what is to come.
    /// </summary>
    public string Format()
    {
        var goodUntil = GoodUntil.ToUnixTimeSeconds();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{IssuedAt.ToUnixTimeSeconds()} {(Phase == FeedPhase.Below ? 0 : goodUntil)} {(int)Phase} {Base64Url.EncodeToString(Pack())} {(Phase == FeedPhase.Below ? $"{goodUntil} {Key}" : Key)}");
    }

    /// <summary>The position that a text of <see cref="Format"/> stands for. Only texts that carried our signature come here.</summary>
    public static FeedPosition Parse(string text)
    {
        var fields = text.Split(' ', 5);
        Invariant.That(fields.Length == 5, "a signed position is whole");
        var (phase, goodUntil, key) = ((FeedPhase)int.Parse(fields[2], CultureInfo.InvariantCulture), fields[1], fields[4]);
        if (phase == FeedPhase.Below)
        {
            var space = key.IndexOf(' ', StringComparison.Ordinal);
            (goodUntil, key) = (key[..space], key[(space + 1)..]);
        }

        return new FeedPosition(Time(fields[0]), Time(goodUntil), phase, key, Unpack(fields[3]));
    }

    private static DateTimeOffset Time(string field) => DateTimeOffset.FromUnixTimeSeconds(long.Parse(field, CultureInfo.InvariantCulture));

    private byte[] Pack()
    {
        var bytes = new ArrayBufferWriter<byte>(Numbers.Count * (sizeof(long) + 4) + 1);
        foreach (var (hash, number) in Numbers.OrderBy(pair => pair.Key))
        {
            BinaryPrimitives.WriteInt64BigEndian(bytes.GetSpan(sizeof(long)), hash);
            bytes.Advance(sizeof(long));
            var span = bytes.GetSpan(VarintSizeBytesMax);
            var length = 0;
            for (var rest = (ulong)number; ; rest >>= 7)
            {
                span[length++] = (byte)(rest < 0x80 ? rest : (rest & 0x7F) | 0x80);
                if (rest < 0x80)
                    break;
            }

            bytes.Advance(length);
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static Dictionary<long, long> Unpack(string packed)
    {
        var bytes = Base64Url.DecodeFromChars(packed).AsSpan();
        var numbers = new Dictionary<long, long>();
        while (bytes.Length > 0)
        {
            var hash = BinaryPrimitives.ReadInt64BigEndian(bytes);
            bytes = bytes[sizeof(long)..];
            ulong number = 0;
            for (var shift = 0; ; shift += 7)
            {
                var part = bytes[0];
                bytes = bytes[1..];
                number |= (ulong)(part & 0x7F) << shift;
                if (part < 0x80)
                    break;
            }

            numbers[hash] = (long)number;
        }

        return numbers;
    }
}
