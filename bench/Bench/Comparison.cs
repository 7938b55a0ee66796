using System.Globalization;

namespace GrainVault.Bench;

/// <summary>One run of one side.</summary>
/// <param name="PerSecond">Work done per second, in the unit of the measurement.</param>
/// <param name="CpuSeconds">CPU seconds of the side's processes; NaN where they are not compared.</param>
internal readonly record struct Sample(double PerSecond, double CpuSeconds);

/// <summary>Alternates runs of both sides in one process lifetime and compares their medians, since single figures spread widely.</summary>
internal static class Comparison
{
    public static async Task<string> RunAsync(
        string name, string unit, int runs, Func<Task<Sample>> ours, Func<Task<Sample>> baseline)
    {
        await baseline();
        await ours();
        var oursRuns = new List<Sample>();
        var baselineRuns = new List<Sample>();
        for (var run = 0; run < runs; run++)
        {
            baselineRuns.Add(await baseline());
            oursRuns.Add(await ours());
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {name} run {run + 1}/{runs}: baseline {baselineRuns[^1].PerSecond:F1} {unit}, GrainVault {oursRuns[^1].PerSecond:F1} {unit}, "
                + $"CPU {baselineRuns[^1].CpuSeconds:F2} s and {oursRuns[^1].CpuSeconds:F2} s"));
        }

        var rate = Median(oursRuns, sample => sample.PerSecond);
        var baselineRate = Median(baselineRuns, sample => sample.PerSecond);
        var cpu = Median(oursRuns, sample => sample.CpuSeconds);
        var baselineCpu = Median(baselineRuns, sample => sample.CpuSeconds);
        var cpuText = double.IsNaN(cpu) || double.IsNaN(baselineCpu)
            ? "-"
            : string.Create(CultureInfo.InvariantCulture, $"{cpu:F2} s / {baselineCpu:F2} s = {cpu / baselineCpu:F2}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {rate:F1} {unit} | {baselineRate:F1} {unit} | **{rate / baselineRate:F2}** | {cpuText} | {runs} |");
    }

    private static double Median(List<Sample> samples, Func<Sample, double> value)
    {
        var sorted = samples.Select(value).Order().ToArray();
        return sorted.Length % 2 == 1
            ? sorted[sorted.Length / 2]
            : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
