using System.Globalization;

namespace GrainVault.Bench;

/// <summary>CPU time and resident memory of a process and of all that it started, from procfs (man 5 proc).</summary>
internal static class ProcessMeter
{
    private const double TicksPerSecond = 100;

    /// <summary>User and system time in seconds, ended children included.</summary>
    public static double CpuSeconds(int pid)
    {
        var total = 0.0;
        foreach (var member in Tree(pid))
        {
            if (Stat(member) is { } fields)
            {
                total += fields.Skip(11).Take(4).Sum(ticks => double.Parse(ticks, CultureInfo.InvariantCulture));
            }
        }

        return total / TicksPerSecond;
    }

    /// <summary>Resident memory of one process in MiB, its children left out.</summary>
    public static double ResidentMiB(int pid) => StatusKiB(pid, "VmRSS:") / 1024.0;

    /// <summary>Forgets the highest resident memory so far, so that <see cref="PeakResidentMiB"/> counts from now.</summary>
    public static void ResetPeak(int pid) => File.WriteAllText($"/proc/{pid}/clear_refs", "5");

    /// <summary>Highest resident memory since <see cref="ResetPeak"/> in MiB.</summary>
    public static double PeakResidentMiB(int pid) => StatusKiB(pid, "VmHWM:") / 1024.0;

    private static long StatusKiB(int pid, string field)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', '\t', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private static IEnumerable<int> Tree(int root)
    {
        var parents = new Dictionary<int, int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var pid) && Stat(pid) is { } fields)
            {
                parents[pid] = int.Parse(fields[1], CultureInfo.InvariantCulture);
            }
        }

        var members = new HashSet<int> { root };
        for (var grown = true; grown;)
        {
            grown = false;
            foreach (var (pid, parent) in parents)
            {
                grown |= members.Contains(parent) && members.Add(pid);
            }
        }

        return members;
    }

    /// <summary>Fields of /proc/pid/stat from "state" on; null when the process is gone.</summary>
    private static string[]? Stat(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
