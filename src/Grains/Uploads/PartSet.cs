using System.Collections;

namespace GrainVault.Uploads;

/// <summary>The numbers of acknowledged parts: one bit each, so 10,000 parts are 1.25 KB.</summary>
internal sealed class PartSet
{
    /// <summary>Highest part number of any store.</summary>
    public const int NumberMax = 10_000;

    private BitArray _bits = new(0);

    /// <summary>Adds a number from 1 to <see cref="NumberMax"/>.</summary>
    public void Add(int number)
    {
        Invariant.That(number is >= 1 and <= NumberMax, "part numbers are checked before");
        if (number > _bits.Length)
            _bits.Length = Math.Min(NumberMax, Math.Max(64, number * 2));
        _bits[number - 1] = true;
    }

    /// <summary>True when the number was added.</summary>
    public bool Contains(int number) => number >= 1 && number <= _bits.Length && _bits[number - 1];

    /// <summary>Forgets all numbers.</summary>
    public void Clear() => _bits = new BitArray(0);
}
