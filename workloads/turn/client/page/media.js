// What is sent: a picture that moves and a tone that nobody hears. No camera and no microphone is asked for.

/** Pictures a second. */
const rate = 25

/** A stream, and how to end it. */
export const media = () => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 })
  const picture = canvas.getContext('2d')
  const colour = Math.floor(Math.random() * 360)
  picture.fillStyle = `hsl(${colour} 30% 25%)`
  picture.fillRect(0, 0, 320, 240)
  const drawing = setInterval(() => {
    picture.fillStyle = `hsl(${colour + Math.random() * 60} 60% 50%)`
    picture.fillRect(Math.random() * 300, Math.random() * 220, 40, 30)
  }, 1000 / rate)
  const audio = new AudioContext()
  const tone = audio.createMediaStreamDestination()
  const oscillator = audio.createOscillator()
  oscillator.connect(tone)
  oscillator.start()
  const stream = new MediaStream([...canvas.captureStream(rate).getTracks(), ...tone.stream.getTracks()])
  const end = () => {
    clearInterval(drawing)
    for (const track of stream.getTracks()) track.stop()
    audio.close()
  }
  return { stream, end }
}
